"""Pods that wait for ever: of a retry, and of a CronJob that a loop has taken over from."""

from datetime import timedelta

from jvscheduler_operator.objects.manifests import Key
from tests.support.operator.objects import NOON
from tests.support.operator.waiting import MINUTE, job_name
from tests.support.operator.waiting_stage import RUNS, Stage


def test_a_retrys_pod_has_the_deadline_of_a_first_one() -> None:
    stage = Stage({"startingDeadlineSeconds": 150, "backoffLimit": 1}, now=NOON + 7 * MINUTE)
    stage.start(0)
    stage.cluster.job_objects[Key("shop", job_name(0))]["status"]["failed"] = 1
    (retry,) = stage.cluster.pod_objects.values()
    retry["metadata"]["creationTimestamp"] = "2026-03-02T12:06:30Z"
    assert stage.look() == timedelta(seconds=61)  # the retry after a longer attempt, in a minute
    assert stage.given_up() == {}
    stage.now = NOON + 8 * MINUTE + timedelta(seconds=31)
    stage.look()
    assert stage.given_up() == {job_name(0): "DeadlineMissed"}


def test_a_retrys_pod_takes_a_place_among_those_that_wait() -> None:
    stage = Stage({"backoffLimit": 1})
    stage.start(0, 1)
    stage.cluster.job_objects[Key("shop", job_name(0))]["status"]["failed"] = 1
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}


def test_what_waits_when_a_loop_takes_over_has_five_minutes() -> None:
    stage = Stage(retired="2026-03-02T12:03:00Z", now=NOON + 4 * MINUTE)
    stage.start(0)
    assert stage.look() == timedelta(minutes=3, seconds=31)
    assert stage.given_up() == {}
    stage.now = NOON + 8 * MINUTE + timedelta(seconds=1)
    stage.look()
    assert stage.given_up() == {job_name(0): "DeadlineMissed"}
    (event,) = stage.cluster.events
    assert "its CronJob has made no Jobs for five minutes" in event["message"]


def test_what_runs_when_a_loop_takes_over_runs_on() -> None:
    stage = Stage(retired="2026-03-02T12:03:00Z", now=NOON + 9 * MINUTE)
    stage.start(0, state=RUNS)
    stage.look()
    assert stage.given_up() == {}
