"""The outcome of an attempt that ended, or whose runner is gone. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from jvscheduler.attempt.limits import end_of, is_alive
from jvscheduler.history.records.attempts import attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import outcome_of
from jvscheduler.outcomes import (
    MAX_DEPTH,
    MAX_ERROR_BYTES,
    MAX_TRACEBACK_BYTES,
    Outcome,
    Reason,
    Status,
    clean,
    clip,
    clip_start,
    is_deeper,
)
from jvscheduler.worker.messages import Ended
from jvscheduler.worker.output import TAIL_BYTES

_END_STATUSES: Final = {
    each.value: each for each in (Status.COMPLETED, Status.FAILED, Status.TIMEOUT)
}


def outcome_of_end(claim: Outcome, ended: Ended) -> Outcome:
    """Return the outcome. Raises ValueError when the end cannot be read.

    It comes from the process that has imported the user's code, which may have changed anything
    there. A record with such a value could not be written, or not be read.
    """
    try:
        started = datetime.fromtimestamp(ended.started_at, tz=UTC)
        took = datetime.fromtimestamp(ended.ended_at, tz=UTC) - started
        # The claim's start is later when the clock was set back between two attempts.
        start = max(claim.start_time or started, started)
        return replace(
            claim,
            start_time=start,
            status=_END_STATUSES[ended.status],
            reason=_text(ended.reason, clip, MAX_ERROR_BYTES),
            error_message=_text(ended.error_message, clip, MAX_ERROR_BYTES),
            traceback=_text(ended.traceback, clip_start, MAX_TRACEBACK_BYTES),
            result=None if is_deeper(ended.result, MAX_DEPTH) else ended.result,
            cpu_seconds=ended.cpu_seconds and float(ended.cpu_seconds),
            peak_memory_bytes=ended.peak_memory_bytes and int(ended.peak_memory_bytes),
            log_tail=_text(ended.log_tail, clip_start, TAIL_BYTES) or None,
            completion_time=start + took,
        )
    except (KeyError, TypeError, OverflowError, OSError) as error:
        raise ValueError(f"not the end of an attempt: {error!r}") from error


def _text(value: str | None, cut: Callable[[str, int], str], limit: int) -> str | None:
    """Return a text that every database takes. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"a text is needed, not {type(value).__name__}")
    return value and cut(clean(value), limit)


def lost(claim: Outcome, now: datetime, how: str) -> Outcome:
    return replace(
        claim,
        status=Status.FAILED,
        reason=Reason.RUNNER_LOST,
        error_message=f"the task's outcome is unknown: {how} before it recorded one",
        completion_time=end_of(claim, now),
    )


def silent_attempts(job: ScheduledJob, now: datetime) -> Sequence[Outcome]:
    """Outcomes that close the running attempts of a job whose heartbeat is too old."""
    if job.status is not Status.RUNNING or is_alive(job, now):
        return ()
    running = [a for a in attempts_of(job) if a.status is Status.RUNNING]
    return [lost(outcome_of(job, a), now, "its runner fell silent") for a in running]
