"""How an outcome changes a job's record: the rules, without a store.

The runner reports what it saw. The server repairs records from pods and termination messages.
Neither knows what the other has already written, so the rules give the same record whatever
the order of the outcomes, and however often each one comes:

- An attempt that has ended stays as it is. Only one that was marked lost may get a true end.
- Attempts are ordered by their start.
- The job's own fields follow from its attempts.
"""

from collections.abc import Sequence
from typing import Any

from jvscheduler.causes import cause_of_rule
from jvscheduler.history.records.attempts import AttemptRecord, attempts_of, in_order
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.times import as_utc
from jvscheduler.outcomes import (
    MAX_ERROR_BYTES,
    MAX_TRACEBACK_BYTES,
    Outcome,
    Reason,
    Status,
    clean,
    clip,
    clip_start,
)


def merge(job: ScheduledJob | None, outcome: Outcome) -> ScheduledJob | None:
    """The record after this outcome; None when the outcome changes nothing."""
    if job is None:
        return first_record(outcome)
    attempts = attempts_of(job)
    if not attempts and job.status.is_final:
        return None  # the record says that its instant was missed or skipped
    known = _find(attempts, outcome.attempt_id)
    if known is not None and not _is_news(known, outcome):
        return _without_retry(job, attempts) if outcome.is_last else None
    return job.model_copy(update=fields_after(attempts, outcome, job.retry_count, job.revision))


def first_record(outcome: Outcome) -> ScheduledJob:
    """The record of a job that had none before this outcome."""
    return ScheduledJob(id=outcome.job_id, **first_fields(outcome))


def first_fields(outcome: Outcome) -> dict[str, Any]:
    """The fields of `first_record` that differ from those of an empty record."""
    return {
        "job_name": outcome.task_id,
        "namespace": outcome.namespace,
        "scheduled_time": outcome.scheduled_time,
        "kubernetes_job": outcome.job_name,
        **fields_after((), outcome, outcome.retry_count, revision=0),
    }


def fields_after(
    attempts: Sequence[AttemptRecord], outcome: Outcome, retry_count: int, revision: int
) -> dict[str, Any]:
    """The fields that an outcome changes, in a record with these attempts."""
    known = _find(attempts, outcome.attempt_id)
    others = [attempt for attempt in attempts if attempt is not known]
    ordered = in_order([*others, attempt_after(known, outcome)])
    allowed = max(retry_count, outcome.retry_count)
    fields = _of_attempts(ordered, 0 if outcome.is_last else allowed)
    if ordered[-1].attempt_id == outcome.attempt_id:
        fields |= _of_last_attempt(outcome)
    stored = [attempt.to_stored() for attempt in ordered]
    return {**fields, "retry_count": allowed, "attempts": stored, "revision": revision + 1}


def attempt_after(known: AttemptRecord | None, outcome: Outcome) -> AttemptRecord:
    """The outcome's attempt; `known` is what the record had of it before."""
    start, end = as_utc(outcome.start_time), outcome.completion_time
    # The claim comes before the task's code starts, so the later of two starts is the true one.
    return AttemptRecord(
        attempt_id=outcome.attempt_id,
        status=outcome.status,
        reason=outcome.reason,
        start_time=max(start, known.start_time) if known else start,
        completion_time=end and as_utc(end),
        error_message=_error(outcome),
        node_name=outcome.node_name or (known.node_name if known else None),
    )


def may_run(job: ScheduledJob, outcome: Outcome) -> bool:
    """True when the attempt may run although the job has a record already.

    Only an attempt of the same Kubernetes Job may, while a retry is left. Any other one comes
    from a second scheduler of the same instant, and comes too late. The same attempt may ask
    twice: the answer to its first claim may have been lost.
    """
    if job.kubernetes_job != outcome.job_name or job.namespace != outcome.namespace:
        return False
    known = _find(attempts_of(job), outcome.attempt_id)
    if known is not None:
        return not known.is_final
    if job.loop and job.status is Status.RUNNING:
        return False  # another loop has started the same retry
    return not job.status.is_final and len(job.attempts) <= job.retry_count


def outcome_of(job: ScheduledJob, attempt: AttemptRecord) -> Outcome:
    """The attempt's outcome so far, to be completed with a new end."""
    return Outcome(
        job_id=job.id,
        task_id=job.job_name,
        namespace=job.namespace,
        job_name=job.kubernetes_job,
        attempt_id=attempt.attempt_id,
        status=attempt.status,
        scheduled_time=job.scheduled_time,
        start_time=attempt.start_time,
        retry_count=job.retry_count,
        node_name=attempt.node_name,
        loop=job.loop,
    )


def _is_news(known: AttemptRecord, outcome: Outcome) -> bool:
    """True for the end of an attempt that runs, and for the true end of one marked lost."""
    if not outcome.status.is_final:
        return False
    was_lost = known.reason == Reason.RUNNER_LOST
    return not known.is_final or (was_lost and outcome.reason != Reason.RUNNER_LOST)


def _without_retry(job: ScheduledJob, attempts: Sequence[AttemptRecord]) -> ScheduledJob | None:
    """A job that waited for a retry ends as its last attempt did, when no retry follows."""
    if job.status is not Status.PENDING:
        return None
    changes = _of_attempts(attempts, retry_count=0)
    return job.model_copy(
        update={**changes, "retry_count": job.retry_count, "revision": job.revision + 1}
    )


def _of_attempts(attempts: Sequence[AttemptRecord], retry_count: int) -> dict[str, Any]:
    """The fields that follow from all attempts."""
    status, last = _status(attempts, retry_count), attempts[-1]
    start = attempts[0].start_time
    end = last.completion_time if status.is_final else None
    return {
        "status": status,
        "retry_count": retry_count,
        "execution_time": start,
        "completed_at": end,
        "duration_seconds": (end - start).total_seconds() if end else None,
        "pod_name": last.attempt_id,
        "node_name": last.node_name,
        "reason": last.reason,
        # A job that waited to start had another one, until its first attempt began.
        "cause": cause_of_rule(last.reason),
        "error_message": last.error_message,
    }


def _of_last_attempt(outcome: Outcome) -> dict[str, Any]:
    """The fields that only the last attempt's outcome has."""
    trace = outcome.traceback and clip_start(clean(outcome.traceback), MAX_TRACEBACK_BYTES)
    beat = None if outcome.status.is_final else {"heartbeat_time": as_utc(outcome.start_time)}
    return {
        "traceback": trace,
        "cpu_seconds": outcome.cpu_seconds,
        "peak_memory_bytes": outcome.peak_memory_bytes,
        "result": outcome.result,
        "log_tail": outcome.log_tail and clean(outcome.log_tail),
        "loop": outcome.loop,
    } | (beat or {})


def _status(attempts: Sequence[AttemptRecord], retry_count: int) -> Status:
    if any(not attempt.is_final for attempt in attempts):
        return Status.RUNNING
    last = attempts[-1].status
    if last in (Status.FAILED, Status.TIMEOUT) and len(attempts) <= retry_count:
        return Status.PENDING
    return last


def _find(attempts: Sequence[AttemptRecord], attempt_id: str) -> AttemptRecord | None:
    return next((attempt for attempt in attempts if attempt.attempt_id == attempt_id), None)


def _error(outcome: Outcome) -> str | None:
    return outcome.error_message and clip(clean(outcome.error_message), MAX_ERROR_BYTES)
