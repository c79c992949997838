"""Outcomes of pods that ended, and the order of the rules that give their reasons."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from jvscheduler.outcomes import MAX_ERROR_BYTES, MAX_LOG_TAIL_BYTES, Reason, Status
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.repair.attempts.decide_pods import (
    is_silent,
    outcome_of_pod,
    outcome_without_runner,
)
from jvscheduler_server.repair.attempts.rules import ending_of_open_attempt
from tests.support.history.outcomes import NOON, begun, completed, failed
from tests.support.server.task_pods import END, START, ended_pod, task_pod, waiting_pod

NOW = NOON + timedelta(minutes=5)


@dataclass(frozen=True)
class Case:
    name: str
    pod: TaskPod
    reason: Reason
    text: str
    status: Status = Status.FAILED


CASES = [
    Case(
        "killed for its memory",
        ended_pod(reason="OOMKilled", exit_code=137),
        Reason.OOM_KILLED,
        "more memory than its limit",
    ),
    Case(
        "killed for its memory while it was being deleted",
        ended_pod(reason="OOMKilled", exit_code=137, deletion_time=END),
        Reason.OOM_KILLED,
        "more memory than its limit",
    ),
    Case(
        "evicted by its node",
        ended_pod(reason="Evicted", message="low on memory"),
        Reason.EVICTED,
        "low on memory",
    ),
    Case(
        "removed by the eviction API",
        task_pod(deleted=True, deletion_time=END, disruption="evicting"),
        Reason.EVICTED,
        "evicting",
    ),
    Case(
        "active for too long",
        ended_pod(reason="DeadlineExceeded", message="Pod was active too long"),
        Reason.DEADLINE_EXCEEDED,
        "Pod was active too long",
        Status.TIMEOUT,
    ),
    Case(
        "deleted while it ran",
        task_pod(deleted=True, deletion_time=END),
        Reason.POD_DELETED,
        "deleted while it ran",
    ),
    Case(
        "ended by the signal of its deletion",
        ended_pod(exit_code=143, deletion_time=END - timedelta(seconds=1)),
        Reason.POD_DELETED,
        "deleted while it ran",
    ),
    Case(
        "failed by itself, then deleted",
        ended_pod(exit_code=3, deletion_time=END + timedelta(seconds=1), deleted=True),
        Reason.CONTAINER_FAILED,
        "exit code 3",
    ),
    Case(
        "gone while the server did not watch",
        task_pod(deleted=True, vanished=True),
        Reason.RUNNER_LOST,
        "disappeared while the server was not watching",
    ),
    Case(
        "its container ended and left no outcome",
        ended_pod(exit_code=137, output="card 4711"),
        Reason.CONTAINER_FAILED,
        "the container ended with exit code 137 before it left an outcome",
    ),
    Case(
        "it could not be started",
        ended_pod(exit_code=128, reason="StartError", message="no such folder"),
        Reason.CONTAINER_FAILED,
        "exit code 128 before it left an outcome: no such folder",
    ),
    Case(
        "its image has no Python",
        ended_pod(
            exit_code=128,
            reason="StartError",
            message='runc: exec: "python3": executable file not found in $PATH: unknown',
        ),
        Reason.RUNNER_NOT_FOUND,
        'no program "python3" in the image: the image needs Python 3.11 or newer',
    ),
    Case(
        "its image has no jvscheduler",
        ended_pod(exit_code=1, output="python3: No module named jvscheduler.runner"),
        Reason.RUNNER_NOT_FOUND,
        "jvscheduler is not installed",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pod_that_left_no_outcome_gets_the_true_reason(case: Case) -> None:
    outcome = outcome_of_pod(case.pod, NOW)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (case.status, case.reason)
    assert outcome.error_message is not None
    assert case.text in outcome.error_message


NOTHING = {
    "runs": task_pod(),
    "waits": waiting_pod(),
    "waited for its image until it was deleted": waiting_pod(deleted=True, deletion_time=END),
    "waited for a node until it was deleted": waiting_pod(reason="Unschedulable", deleted=True),
    "was evicted before it started": waiting_pod(deleted=True, disruption="evicting"),
    "was refused by its node": ended_pod(exit_code=None, started=False, reason="OutOfcpu"),
    "is being deleted but still runs": task_pod(deletion_time=END),
    "recorded its outcome itself": ended_pod(reported=completed(begun(recorded=True))),
    "had nothing to do": ended_pod(phase="Succeeded", exit_code=0, reason="Completed"),
    "had nothing to do and was cleaned up": ended_pod(
        phase="Succeeded", exit_code=0, reason="Completed", deleted=True, deletion_time=END
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_there_is_nothing_to_record_for_a_pod_that(name: str) -> None:
    assert outcome_of_pod(NOTHING[name], NOW) is None


@pytest.mark.parametrize("deleted", [False, True])
def test_an_outcome_that_the_runner_could_not_record_is_recorded_as_it_is(deleted: bool) -> None:
    outcome = failed(begun())
    assert outcome_of_pod(ended_pod(reported=outcome, deleted=deleted), NOW) == outcome


def test_the_runners_outcome_counts_more_than_kubernetes_reason() -> None:
    outcome = failed(begun(), reason=Reason.OOM_KILLED)
    assert outcome_of_pod(ended_pod(reported=outcome, reason="Evicted"), NOW) == outcome


def test_an_outcome_has_the_facts_of_its_pod() -> None:
    outcome = outcome_of_pod(ended_pod(retry_count=2), NOW)
    assert outcome is not None
    facts = replace(outcome, status=Status.RUNNING, reason=None, error_message=None)
    assert facts == begun(completion_time=END, retry_count=2, node_name="node-1")


def test_an_unseen_end_is_now_and_never_before_the_start() -> None:
    vanished = outcome_of_pod(task_pod(deleted=True, vanished=True), NOW)
    assert vanished is not None
    assert vanished.completion_time == NOW
    skewed = outcome_of_pod(task_pod(deleted=True, deletion_time=NOON), NOW)
    assert skewed is not None
    assert skewed.completion_time == START


@pytest.mark.parametrize("reason", ["Error", "OOMKilled", "Evicted", "DeadlineExceeded"])
@pytest.mark.parametrize("changes", [{}, {"deletion_time": START, "deleted": True}])
def test_what_a_container_wrote_is_in_the_log_tail_and_in_no_message(
    reason: str, changes: dict[str, Any]
) -> None:
    outcome = outcome_of_pod(ended_pod(reason=reason, output="card 4711", **changes), NOW)
    assert outcome is not None
    assert outcome.log_tail == "card 4711"
    assert "4711" not in (outcome.error_message or "")


def test_a_long_message_is_cut() -> None:
    outcome = outcome_of_pod(ended_pod(message="x" * 9000, output="y" * 99_000), NOW)
    assert outcome is not None
    assert outcome.error_message is not None
    assert len(outcome.error_message.encode()) <= MAX_ERROR_BYTES
    assert outcome.log_tail is not None
    assert len(outcome.log_tail.encode()) <= MAX_LOG_TAIL_BYTES


def test_a_pod_that_was_not_seen_to_start_may_still_have_an_open_attempt() -> None:
    """Its runner claims the job a moment before the kubelet reports the start."""
    pod = waiting_pod(reason="ContainerCreating", deleted=True)
    assert is_silent(pod)
    assert outcome_without_runner(pod, NOW) is None
    ending = ending_of_open_attempt(pod)
    assert (ending.reason, ending.status) == (Reason.POD_DELETED, Status.FAILED)


def test_a_pod_that_runs_or_waits_has_no_outcome() -> None:
    dead = ended_pod(name="dead")
    found = [outcome_of_pod(pod, NOW) for pod in (task_pod(), dead, waiting_pod())]
    assert [outcome and outcome.attempt_id for outcome in found] == [None, "dead", None]
