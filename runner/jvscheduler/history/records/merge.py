"""What an outcome changes in a job's record: the rules, without a store.

The runner says what it saw, the server repairs from pods and termination
messages, and neither knows what the other has written already. So the rules
are such that the order and the number of times do not matter: a closed attempt
stays as it is, unless it was only taken for lost, attempts are ordered by their
start, and the job's own fields follow from its attempts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.times import as_utc, to_text
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

Attempt = Mapping[str, Any]


def merge(job: ScheduledJob | None, outcome: Outcome) -> ScheduledJob | None:
    """The record after this outcome; None when it tells nothing new."""
    if job is None:
        return opened(outcome)
    if not job.attempts and job.status.is_final:  # its instant is accounted for as not run
        return None
    known = _attempt(job.attempts, outcome.attempt_id)
    if known is not None and not _is_news(known, outcome):
        return _given_up(job) if outcome.is_last else None
    return job.model_copy(update=told(job.attempts, outcome, job.retry_count, job.revision))


def opened(outcome: Outcome) -> ScheduledJob:
    """The record of a job of which this is the first outcome that got through."""
    return ScheduledJob(id=outcome.job_id, **opening(outcome))


def opening(outcome: Outcome) -> dict[str, Any]:
    """The fields of that record that are not as in an empty one."""
    return {
        "job_name": outcome.task_id,
        "namespace": outcome.namespace,
        "scheduled_time": outcome.scheduled_time,
        "kubernetes_job": outcome.job_name,
        **told([], outcome, outcome.retry_count, revision=0),
    }


def told(
    attempts: list[dict[str, Any]], outcome: Outcome, retry_count: int, revision: int
) -> dict[str, Any]:
    """The fields that follow from all attempts and this outcome, of a record that had these."""
    known = _attempt(attempts, outcome.attempt_id)
    others = [attempt for attempt in attempts if attempt is not known]
    numbered = _numbered([*others, _account(known, outcome)])
    allowed = max(retry_count, outcome.retry_count)
    fields = _of_attempts(numbered, 0 if outcome.is_last else allowed)
    if numbered[-1]["attempt_id"] == outcome.attempt_id:
        fields |= _of_last_attempt(outcome)
    return {**fields, "retry_count": allowed, "attempts": numbered, "revision": revision + 1}


def _given_up(job: ScheduledJob) -> ScheduledJob | None:
    """A job that awaited a retry ends as its last attempt did, when none follows."""
    if job.status is not Status.PENDING:
        return None
    changes = _of_attempts(job.attempts, retry_count=0)
    return job.model_copy(
        update={**changes, "retry_count": job.retry_count, "revision": job.revision + 1}
    )


def may_run(job: ScheduledJob, outcome: Outcome) -> bool:
    """Whether an attempt may begin although the job's record is there already.

    Only a further attempt of the same Kubernetes Job: any other is a second
    scheduler that fires the same instant, and comes too late. The same attempt
    may ask twice, when the answer to its first claim was lost.
    """
    if job.kubernetes_job != outcome.job_name or job.namespace != outcome.namespace:
        return False
    known = _attempt(job.attempts, outcome.attempt_id)
    if known is not None:
        return not _is_final(known)
    if job.loop and job.status is Status.RUNNING:
        return False  # another loop has begun the same retry
    return not job.status.is_final and len(job.attempts) <= job.retry_count


def outcome_of(job: ScheduledJob, attempt: Attempt) -> Outcome:
    """An attempt as its record has it, without how it ended: to tell its end anew."""
    return Outcome(
        job_id=job.id,
        task_id=job.job_name,
        namespace=job.namespace,
        job_name=job.kubernetes_job,
        attempt_id=attempt["attempt_id"],
        status=Status(attempt["status"]),
        scheduled_time=job.scheduled_time,
        start_time=datetime.fromisoformat(attempt["start_time"]),
        retry_count=job.retry_count,
        node_name=attempt.get("node_name"),
        loop=job.loop,
    )


def _is_news(known: Attempt, outcome: Outcome) -> bool:
    """An end, of an attempt that had none; or that of one of which others had heard nothing for
    so long that they took it for lost."""
    if not outcome.status.is_final:
        return False
    lost = Reason.RUNNER_LOST
    return not _is_final(known) or (known["reason"] == lost != outcome.reason)


def _account(known: Attempt | None, outcome: Outcome) -> dict[str, Any]:
    return {
        "attempt_id": outcome.attempt_id,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "start_time": max(to_text(outcome.start_time), known["start_time"] if known else ""),
        "completion_time": outcome.completion_time and to_text(outcome.completion_time),
        "error_message": _error(outcome),
        "node_name": outcome.node_name or (known["node_name"] if known else None),
    }


def _of_attempts(attempts: list[dict[str, Any]], retry_count: int) -> dict[str, Any]:
    """What the job's record says because of all its attempts."""
    status = _status(attempts, retry_count)
    start, end = _time(attempts[0]["start_time"]), _time(attempts[-1]["completion_time"])
    ended = end if status.is_final else None
    return {
        "status": status,
        "retry_count": retry_count,
        "execution_time": start,
        "completed_at": ended,
        "duration_seconds": (ended - start).total_seconds() if ended and start else None,
        "pod_name": attempts[-1]["attempt_id"],
        "node_name": attempts[-1]["node_name"],
        "reason": attempts[-1]["reason"],
        "error_message": attempts[-1]["error_message"],
    }


def _of_last_attempt(outcome: Outcome) -> dict[str, Any]:
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


def _status(attempts: list[dict[str, Any]], retry_count: int) -> Status:
    if any(not _is_final(attempt) for attempt in attempts):
        return Status.RUNNING
    last = Status(attempts[-1]["status"])
    if last in (Status.FAILED, Status.TIMEOUT) and len(attempts) <= retry_count:
        return Status.PENDING
    return last


def _numbered(attempts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ordered = sorted(attempts, key=lambda a: (a["start_time"], a["attempt_id"]))
    return [{**attempt, "number": number} for number, attempt in enumerate(ordered, 1)]


def _attempt(attempts: Sequence[Attempt], attempt_id: str) -> Attempt | None:
    return next((a for a in attempts if a["attempt_id"] == attempt_id), None)


def _is_final(attempt: Attempt) -> bool:
    return Status(attempt["status"]).is_final


def _error(outcome: Outcome) -> str | None:
    return outcome.error_message and clip(clean(outcome.error_message), MAX_ERROR_BYTES)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
