"""Jobs that are unfinished in the history and over in the cluster."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import merge
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler_server.cluster.objects import KubernetesJob, TaskPod
from jvscheduler_server.repair.attempts.decide_records import (
    GRACE,
    LOOP_GRACE,
    end_open_attempts,
    give_up_retries,
)
from jvscheduler_server.repair.attempts.gather import take_snapshot
from tests.support.history.outcomes import NOON, begun, completed, failed
from tests.support.server.task_pods import END, START, ended_pod, task_pod, waiting_pod

LATE = START + GRACE


def record(outcome: Outcome, **changes: Any) -> ScheduledJob:
    job = merge(None, outcome)
    assert job is not None
    return job.model_copy(update=changes)


def closed(job: ScheduledJob, *pods: TaskPod, now: Any = LATE) -> list[Outcome]:
    return end_open_attempts([job], take_snapshot(pods, [], now, START))


def test_a_running_job_whose_pod_is_nowhere_lost_its_runner() -> None:
    (outcome,) = closed(record(begun(node_name="node-1")))
    assert (outcome.status, outcome.reason) == (Status.FAILED, Reason.RUNNER_LOST)
    assert (outcome.attempt_id, outcome.start_time, outcome.completion_time) == (
        "pod-a",
        START,
        LATE,
    )


def test_a_lost_runners_outcome_closes_its_record() -> None:
    job = record(begun())
    (outcome,) = closed(job)
    merged = merge(job, outcome)
    assert merged is not None
    assert (merged.status, merged.reason, merged.node_name) == ("failed", "RunnerLost", None)


def test_an_attempt_with_a_recent_sign_of_life_is_left_alone() -> None:
    assert closed(record(begun()), now=LATE - timedelta(seconds=1)) == []
    beat = LATE - timedelta(seconds=10)
    assert closed(record(begun(), heartbeat_time=beat)) == []


def test_a_job_whose_pod_runs_is_left_alone() -> None:
    assert closed(record(begun()), task_pod(), now=LATE + timedelta(days=9)) == []


def test_a_pod_of_the_same_name_in_another_namespace_is_another_pod() -> None:
    assert len(closed(record(begun()), task_pod(namespace="other"))) == 1


@pytest.mark.parametrize("recorded", [True, False])
def test_an_open_attempt_ends_with_the_outcome_that_its_runner_left(recorded: bool) -> None:
    outcome = completed(begun(recorded=recorded))
    assert closed(record(begun()), ended_pod(reported=outcome)) == [outcome]


def test_exit_code_0_without_an_outcome_does_not_complete_the_job() -> None:
    pod = ended_pod(phase="Succeeded", exit_code=0, reason="Completed")
    (outcome,) = closed(record(begun()), pod)
    assert (outcome.status, outcome.reason) == (Status.FAILED, Reason.CONTAINER_FAILED)
    assert outcome.error_message == "the container ended with exit code 0 and left no outcome"


def test_exit_code_0_after_a_deletion_is_the_deletions_doing() -> None:
    pod = ended_pod(phase="Succeeded", exit_code=0, reason="Completed", deletion_time=START)
    (outcome,) = closed(record(begun()), pod)
    assert outcome.reason == Reason.POD_DELETED


def test_a_job_whose_pod_was_killed_has_kubernetes_reason() -> None:
    (outcome,) = closed(record(begun()), ended_pod(reason="OOMKilled"))
    assert outcome.reason == Reason.OOM_KILLED


def test_a_loops_job_is_lost_when_no_heartbeat_arrives_though_the_history_is_back() -> None:
    job, back = record(begun(loop="jvscheduler-loop-1")), START + timedelta(minutes=9)
    for now, ended in ((back + GRACE / 2, 0), (back + GRACE, 1)):
        assert len(end_open_attempts([job], take_snapshot([], [], now, back))) == ended


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        pytest.param(None, "the pod pod-a disappeared and left no outcome", id="a CronJob's"),
        pytest.param("loop-1", "the loop loop-1 sent no heartbeat for a minute", id="a loop's"),
    ],
)
def test_the_message_names_what_was_lost(loop: str | None, message: str) -> None:
    (outcome,) = closed(record(begun(loop=loop)))
    assert outcome.error_message == message


def test_each_open_attempt_of_a_job_ends_by_itself() -> None:
    job = merge(record(begun(retry_count=1)), begun(attempt_id="pod-b", retry_count=1))
    assert job is not None
    beating = job.model_copy(update={"heartbeat_time": LATE})
    (first,) = closed(beating)
    assert (first.attempt_id, first.reason) == ("pod-a", Reason.RUNNER_LOST)
    ended = [ended_pod(reason="OOMKilled"), ended_pod(name="pod-b", reason="Evicted")]
    assert [o.reason for o in closed(beating, *ended)] == [Reason.OOM_KILLED, Reason.EVICTED]


def test_a_job_of_jvscheduler_dev_is_not_this_clusters() -> None:
    assert closed(record(begun(namespace="dev"))) == []


def test_a_job_that_ran_on_a_node_is_this_clusters_also_in_a_namespace_named_dev() -> None:
    assert len(closed(record(begun(namespace="dev", node_name="node-1")))) == 1


def test_a_job_between_two_attempts_is_not_running() -> None:
    waiting = record(failed(begun(retry_count=1)))
    assert waiting.status is Status.PENDING
    assert closed(waiting, now=NOON + timedelta(minutes=5)) == []


WAITING = failed(begun(retry_count=2))
JOB = KubernetesJob(WAITING.job_name, "shop", finished=False)
PATIENT = END + GRACE


def given_up(
    *pods: TaskPod, jobs: Sequence[KubernetesJob] = (), now: datetime = PATIENT
) -> list[Outcome]:
    return give_up_retries([record(WAITING)], take_snapshot(pods, jobs, now, START))


def test_a_job_that_kubernetes_will_retry_is_left_alone() -> None:
    assert given_up(jobs=[JOB], now=PATIENT + timedelta(minutes=6)) == []
    assert given_up(waiting_pod(name="pod-b")) == []


@pytest.mark.parametrize("jobs", [(), (replace(JOB, finished=True),)], ids=["gone", "finished"])
def test_a_job_that_kubernetes_will_not_retry_ends_as_its_last_attempt(
    jobs: Sequence[KubernetesJob],
) -> None:
    (outcome,) = given_up(ended_pod(), jobs=jobs)
    assert outcome.is_last
    closed_job = merge(record(WAITING), outcome)
    assert closed_job is not None
    assert (closed_job.status, closed_job.reason) == (Status.FAILED, WAITING.reason)


def test_a_job_whose_kubernetes_job_was_deleted_ends_at_once() -> None:
    now = WAITING.start_time + timedelta(seconds=1)
    abandoned = [("shop", WAITING.job_name)]
    snapshot = take_snapshot([ended_pod()], [], now, START, abandoned)
    (outcome,) = give_up_retries([record(WAITING)], snapshot)
    assert (outcome.is_last, outcome.reason) == (True, WAITING.reason)
    running = take_snapshot([waiting_pod(name="pod-b")], [], now, START, abandoned)
    assert give_up_retries([record(WAITING)], running) == []


def test_a_job_that_just_failed_may_still_be_retried() -> None:
    assert given_up(now=WAITING.start_time + GRACE) == []


def test_a_pending_job_of_jvscheduler_dev_is_not_this_clusters() -> None:
    job = record(failed(begun(retry_count=2, namespace="dev")))
    assert give_up_retries([job], take_snapshot([], [], PATIENT, START)) == []


@pytest.mark.parametrize(
    ("waited", "ended"),
    [
        pytest.param(timedelta(minutes=9), 0, id="the loop may be about to retry it"),
        pytest.param(LOOP_GRACE, 1, id="no loop serves the task any more"),
    ],
)
def test_a_loops_job_has_no_kubernetes_job_to_wait_for(waited: timedelta, ended: int) -> None:
    waiting = replace(WAITING, loop="jvscheduler-loop-1")
    assert waiting.completion_time is not None
    now = waiting.completion_time + waited
    assert len(give_up_retries([record(waiting)], take_snapshot([], [], now, START))) == ended


def test_a_loop_may_have_retried_while_the_history_was_away() -> None:
    waiting = replace(WAITING, loop="jvscheduler-loop-1")
    back = END + LOOP_GRACE
    for now, ended in ((back + GRACE, 0), (back + LOOP_GRACE, 1)):
        outcomes = give_up_retries([record(waiting)], take_snapshot([], [], now, back))
        assert len(outcomes) == ended
