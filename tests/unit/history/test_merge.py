"""A record follows from the outcomes of its attempts, in whatever order they arrive."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations

import pytest

from jvscheduler.attempt.limits import skipped
from jvscheduler.history.records.jobs import ScheduledJob, stretch_job, to_context
from jvscheduler.history.records.merge import may_run, merge
from jvscheduler.outcomes import (
    MAX_ERROR_BYTES,
    MAX_TRACEBACK_BYTES,
    Outcome,
    Reason,
    Status,
    Stretch,
)
from tests.support.history.outcomes import NOON, begun, completed, failed, timed_out

FIRST = begun(retry_count=1)
SECOND = begun(
    retry_count=1, attempt_id="pod-b", start_time=FIRST.start_time + timedelta(seconds=30)
)


def after(*outcomes: Outcome) -> ScheduledJob:
    job: ScheduledJob | None = None
    for outcome in outcomes:
        job = merge(job, outcome) or job
    assert job is not None
    return job


@dataclass(frozen=True)
class Case:
    outcomes: tuple[Outcome, ...]
    status: Status
    attempts: tuple[str, ...]
    pod: str
    error: str | None = None


CASES = {
    "begun": Case((FIRST,), Status.RUNNING, ("running",), "pod-a"),
    "completed": Case((FIRST, completed(FIRST)), Status.COMPLETED, ("completed",), "pod-a"),
    "completed, without a recorded start": Case(
        (completed(FIRST),), Status.COMPLETED, ("completed",), "pod-a"
    ),
    "failed with an attempt left waits for it": Case(
        (FIRST, failed(FIRST)), Status.PENDING, ("failed",), "pod-a", "ValueError: no stock"
    ),
    "timed out with an attempt left waits for it": Case(
        (FIRST, timed_out(FIRST)), Status.PENDING, ("timeout",), "pod-a"
    ),
    "failed with none left": Case(
        (failed(replace(FIRST, retry_count=0)),),
        Status.FAILED,
        ("failed",),
        "pod-a",
        "ValueError: no stock",
    ),
    "skipped is not tried again": Case(
        (FIRST, completed(FIRST, status=Status.SKIPPED)), Status.SKIPPED, ("skipped",), "pod-a"
    ),
    "second attempt runs": Case(
        (FIRST, failed(FIRST), SECOND), Status.RUNNING, ("failed", "running"), "pod-b"
    ),
    "second attempt completed": Case(
        (FIRST, failed(FIRST), SECOND, completed(SECOND)),
        Status.COMPLETED,
        ("failed", "completed"),
        "pod-b",
    ),
    "second attempt failed": Case(
        (failed(FIRST), failed(SECOND, error_message="KeyError: 7")),
        Status.FAILED,
        ("failed", "failed"),
        "pod-b",
        "KeyError: 7",
    ),
    "first attempt never closed, second completed": Case(
        (FIRST, SECOND, completed(SECOND)), Status.RUNNING, ("running", "completed"), "pod-b"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_job_follows_from_its_attempts(case: Case) -> None:
    job = after(*case.outcomes)
    assert (job.status, job.pod_name, job.error_message) == (case.status, case.pod, case.error)
    assert tuple(a["status"] for a in job.attempts) == case.attempts
    assert [a["number"] for a in job.attempts] == list(range(1, len(case.attempts) + 1))


def test_the_order_in_which_outcomes_arrive_changes_nothing() -> None:
    outcomes = (FIRST, failed(FIRST), SECOND, completed(SECOND, cpu_seconds=0.5, result=3))
    expected = _lasting(after(*outcomes))
    for order in permutations(outcomes):
        assert _lasting(after(*order)) == expected


def test_a_closed_attempt_is_neither_reopened_nor_overwritten() -> None:
    job = after(FIRST, timed_out(FIRST))
    assert merge(job, FIRST) is None
    assert merge(job, completed(FIRST)) is None


def test_a_run_that_was_marked_lost_and_later_reports_its_outcome_gets_that_outcome() -> None:
    lost = failed(FIRST, reason=Reason.RUNNER_LOST, completion_time=NOON + timedelta(hours=1))
    job = after(FIRST, lost, completed(FIRST))
    assert (job.status, job.completed_at) == (Status.COMPLETED, completed(FIRST).completion_time)
    assert _lasting(job) == _lasting(after(FIRST, completed(FIRST), lost))
    assert merge(after(lost), lost) is None
    assert merge(after(lost), FIRST) is None


@pytest.mark.parametrize("outcome", [FIRST, completed(FIRST), replace(failed(FIRST), is_last=True)])
def test_a_missed_instant_cannot_run_later(outcome: Outcome) -> None:
    missed = stretch_job(
        Stretch(
            task_id=FIRST.task_id,
            namespace=FIRST.namespace,
            name="shop-tasks-restock",
            status=Status.MISSED,
            reason=Reason.LOOP_DOWN,
            message="no loop ran",
            first=NOON,
            last=NOON,
            count=1,
        )
    )
    assert (missed.id, missed.kubernetes_job) == (FIRST.job_id, FIRST.job_name)
    assert not may_run(missed, outcome)
    assert merge(missed, outcome) is None


def test_what_the_concurrency_policy_decides_is_of_cause_policy_whoever_records_it() -> None:
    by_runner_or_loop = after(FIRST, skipped(FIRST, 1, NOON))
    by_server = stretch_job(
        Stretch(
            task_id=FIRST.task_id,
            namespace=FIRST.namespace,
            name="shop-tasks-restock",
            status=Status.SKIPPED,
            reason=Reason.CONCURRENCY_LIMIT,
            message="an earlier job had not ended",
            first=NOON,
            last=NOON,
            count=1,
        )
    )
    replaced = after(failed(replace(FIRST, retry_count=0), reason=Reason.REPLACED))
    for job in (by_runner_or_loop, by_server, replaced):
        assert job.cause == "policy", job.reason
    assert after(failed(replace(FIRST, retry_count=0))).cause is None


def test_the_job_lasts_from_its_first_start_to_its_last_end() -> None:
    job = after(failed(FIRST), completed(SECOND))
    assert job.execution_time == FIRST.start_time
    assert job.completed_at == completed(SECOND).completion_time
    assert job.duration_seconds == 32.0


def test_error_and_traceback_are_cut_and_cleaned_for_json() -> None:
    outcome = failed(FIRST, error_message="\0\ud800" + "é" * 9000, traceback="x" * 99_999 + "end")
    job = after(outcome)
    assert job.error_message is not None
    assert job.traceback is not None
    assert len(job.error_message.encode()) <= MAX_ERROR_BYTES
    assert len(job.traceback.encode()) <= MAX_TRACEBACK_BYTES
    assert job.error_message.startswith("\ufffd?")
    assert job.traceback.endswith("end")


@pytest.mark.parametrize(
    ("claim", "job", "allowed"),
    [
        pytest.param(FIRST, after(FIRST), True, id="the same attempt asks again"),
        pytest.param(FIRST, after(completed(FIRST)), False, id="the attempt has ended"),
        pytest.param(SECOND, after(failed(FIRST)), True, id="an attempt is left"),
        pytest.param(SECOND, after(FIRST), True, id="the pod before died unrecorded"),
        pytest.param(SECOND, after(completed(FIRST)), False, id="the job has ended"),
        pytest.param(SECOND, after(replace(FIRST, retry_count=0)), False, id="no attempt is left"),
        pytest.param(
            replace(SECOND, job_name="another-29540880"),
            after(failed(FIRST)),
            False,
            id="another Kubernetes job",
        ),
    ],
)
def test_which_claims_may_run(claim: Outcome, job: ScheduledJob, allowed: bool) -> None:
    assert may_run(job, claim) is allowed


def _lasting(job: ScheduledJob) -> dict[str, object]:
    """The fields that do not depend on the number and time of writes."""
    context = to_context(job)
    return {k: v for k, v in context.items() if k not in ("revision", "heartbeat_time")}
