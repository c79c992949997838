"""Which Jobs wait, and which of them are given up."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.errors import Conflict, Rejected, Stale
from jvscheduler_operator.objects.manifests import Key, Manifest
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.testing.cluster import MemoryCluster
from jvscheduler_operator.waiting_jobs.jobs import waiting_jobs
from jvscheduler_operator.waiting_jobs.reconcile import WaitingJobReconciler
from tests.support.operator.objects import NOON
from tests.support.operator.waiting import MINUTE, job, job_name, pod
from tests.support.operator.waiting_stage import ENDED, KEY, NOWHERE, PULLING, RUNS, Stage, cron_job


def waits(one_job: Manifest, *pods: Manifest) -> list[str]:
    return [found.wait for found in waiting_jobs(cron_job(), [one_job], pods)]


def test_a_job_waits_when_none_of_its_pods_has_started() -> None:
    assert waits(job(0)) == ["it has no pod"]
    assert waits(job(0), pod(0)) == ["its pod restock-29540880-x has not started"]
    text = 'its pod restock-29540880-x has not started: container task: image "shop:9" not found'
    assert waits(job(0), pod(0, PULLING)) == [text]
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    text = "its pod restock-29540880-x has not started: no node takes the pod: Unschedulable"
    assert waits(job(0), pod(0, conditions=[unscheduled])) == [text]
    failed_before_its_start = pod(0, phase="Failed")
    assert len(waits(job(0, failed=1), failed_before_its_start)) == 1
    deleted_before_its_start = pod(0, {"terminated": {"startedAt": "1970-01-01T00:00:00Z"}})
    assert len(waits(job(0), deleted_before_its_start)) == 1


@pytest.mark.parametrize("condition", ["Complete", "Failed", "FailureTarget"])
def test_a_job_that_has_ended_does_not_wait(condition: str) -> None:
    assert waits(job(0, conditions=[{"type": condition, "status": "True"}])) == []


NOT_WAITING: dict[str, tuple[Manifest, list[Manifest]]] = {
    "its pod runs": (job(0), [pod(0, RUNS)]),
    "its pod has ended": (job(0), [pod(0, phase="Succeeded")]),
    "nobody knows whether its pod runs": (job(0), [pod(0, phase="Unknown")]),
    "its first attempt has run": (
        job(0, failed=1),
        [pod(0, {"terminated": {"startedAt": "2026-03-02T12:00:01Z"}}, phase="Failed")],
    ),
    "its first pod failed and is gone": (job(0, failed=1), []),
    "it pauses before its retry": (job(0, failed=1), [pod(0, ENDED, phase="Failed")]),
    "it was given up already": (job(0, annotations={names.GIVEN_UP_ANNOTATION: "x"}), []),
    "it is being deleted": (job(0, deletionTimestamp="2026-03-02T12:00:01Z"), []),
    "it was started by hand": (job(0, name="by-hand"), []),
    "it is suspended": ({**job(0), "spec": {"suspend": True}}, []),
}


@pytest.mark.parametrize("name", NOT_WAITING)
def test_a_job_does_not_wait_when(name: str) -> None:
    one_job, pods = NOT_WAITING[name]
    assert waits(one_job, *pods) == []


def test_a_retry_waits_from_when_its_pod_was_made() -> None:
    first, retry = pod(0, ENDED, phase="Failed"), pod(0, PULLING)
    retry["metadata"] |= {"name": "retry", "creationTimestamp": "2026-03-02T12:07:00Z"}
    (found,) = waiting_jobs(cron_job(), [job(0, failed=1)], [first, retry])
    assert found.scheduled_time == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    assert found.since == datetime(2026, 3, 2, 12, 7, tzinfo=UTC)
    (found,) = waiting_jobs(cron_job(), [job(0, failed=1)], [retry])  # the first pod is gone
    assert found.since == datetime(2026, 3, 2, 12, 7, tzinfo=UTC)


def test_a_pod_of_another_job_says_nothing() -> None:
    assert len(waits(job(0), pod(1, RUNS))) == 1


def test_without_a_deadline_as_many_jobs_wait_as_may_run_at_once() -> None:
    stage = Stage({"maxConcurrency": 2})
    stage.start(0, 1)
    assert stage.look() is None
    assert stage.given_up() == {}
    stage.start(2, 3)
    stage.look()
    assert stage.given_up() == {job_name(2): "ConcurrencyLimit", job_name(3): "ConcurrencyLimit"}
    given_up = stage.cluster.job_objects[Key("shop", job_name(2))]
    assert given_up["spec"]["activeDeadlineSeconds"] == 1
    assert [event["reason"] for event in stage.cluster.events] == ["JobAlreadyActive"] * 2
    first = stage.cluster.events[0]["message"]
    assert f"The Job {job_name(2)} is skipped" in first
    assert f"{job_name(0)} waits, its pod" in first
    assert 'image "shop:9" not found' in first
    stage.look()
    assert len(stage.cluster.events) == 2


CREATING = {"waiting": {"reason": "ContainerCreating"}}
FORBIDDEN = 'pods "restock-29540880-" is forbidden: exceeded quota: no-pods'
NOT_MOUNTED = 'MountVolume.SetUp failed for volume "v": secret "v" not found'


def test_what_only_events_say_is_told() -> None:
    specs: list[dict[str, Any]] = [{}, {"startingDeadlineSeconds": 60}]
    for spec in specs:
        stage = Stage(spec, now=NOON + MINUTE)
        stage.start(0, 1, state=CREATING)
        first, _ = stage.cluster.pod_objects.values()
        stage.cluster.events.append(warning(first, NOT_MOUNTED))
        stage.look()
        assert stage.cluster.events[-1]["message"].endswith(f"has not started: {NOT_MOUNTED}")
        stage = Stage(spec, now=NOON + MINUTE)
        stage.start(0, 1)
        stage.cluster.pod_objects.clear()
        first, _ = stage.cluster.job_objects.values()
        stage.cluster.events.append(warning(first, FORBIDDEN))
        stage.look()
        assert stage.cluster.events[-1]["message"].endswith(f"it has no pod: {FORBIDDEN}")


def test_without_the_right_to_list_events_jobs_are_given_up_all_the_same() -> None:
    class Mute(MemoryCluster):
        async def events_of(self, manifest: Manifest) -> list[Manifest]:
            raise Rejected("no right")

    stage = Stage(cluster=Mute())
    stage.start(0, 1, state=CREATING)
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}
    assert stage.cluster.events[-1]["message"].endswith("has not started")


def warning(about: Manifest, message: str) -> Manifest:
    uid = about["metadata"]["uid"]
    return {"type": "Warning", "message": message, "involvedObject": {"uid": uid}}


@pytest.mark.parametrize("wrong", [{"image": "shop:9"}, {"template": NOWHERE}])
def test_a_job_that_cannot_start_gives_way_when_its_task_was_corrected(
    wrong: dict[str, Any],
) -> None:
    stage = Stage(wrong)
    stage.start(0)
    stage.look()
    stage.spec = {}
    stage.start(1, state={"waiting": {"reason": "ContainerCreating"}})
    stage.look()
    assert stage.given_up() == {job_name(0): "ConcurrencyLimit"}


def test_a_job_that_runs_takes_no_place_of_those_that_wait() -> None:
    stage = Stage()
    stage.start(0, state=RUNS)
    stage.start(1)
    stage.look()
    assert stage.given_up() == {}


def test_with_a_deadline_each_job_waits_as_long_as_that() -> None:
    stage = Stage({"startingDeadlineSeconds": 150}, now=NOON + MINUTE)
    stage.start(0, 1)
    assert stage.look() == timedelta(seconds=61)
    assert stage.given_up() == {}
    stage.now = NOON + 2 * MINUTE + timedelta(seconds=1)
    assert stage.look() == timedelta(seconds=60)
    assert stage.given_up() == {job_name(0): "DeadlineMissed"}
    (event,) = stage.cluster.events
    assert (event["type"], event["reason"]) == ("Warning", "MissSchedule")


def test_a_job_that_has_started_in_time_may_run_past_its_deadline() -> None:
    stage = Stage({"startingDeadlineSeconds": 60}, now=NOON + 5 * MINUTE)
    stage.start(0, state=RUNS)
    assert stage.look() is None
    assert stage.given_up() == {}


def test_nothing_is_listed_while_no_job_can_be_given_up() -> None:
    class Unasked(MemoryCluster):
        async def jobs_of(self, key: Key) -> list[Manifest]:
            raise AssertionError("it is not needed")

    stage = Stage(cluster=Unasked())
    stage.start(0)
    assert stage.look() is None


def test_a_job_that_has_changed_since_it_was_seen_is_looked_at_again() -> None:
    stage = Stage(cluster=MemoryCluster(failures=[Conflict("it has changed")]))
    stage.start(0, 1)
    with pytest.raises(Stale):
        stage.look()
    assert stage.given_up() == {}
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}


def test_a_refusal_is_tried_again_later() -> None:
    stage = Stage(cluster=MemoryCluster(failures=[Rejected("no right")]))
    stage.start(0, 1)
    assert stage.look() == MINUTE
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}


def test_without_a_task_or_a_cron_job_of_its_own_there_is_nothing_to_do() -> None:
    settings = Settings(None, None, "http://localhost/", "host")
    found = WaitingJobReconciler(Cache(), MemoryCluster(), settings, lambda: NOON)
    assert asyncio.run(found.reconcile(KEY)) is None
