"""The outcome of an attempt that ended, or whose runner is gone. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from jvscheduler.attempt.limits import end_of, is_alive
from jvscheduler.edge.values import (
    Error,
    Large,
    LogTail,
    Result,
    Seconds,
    Traceback,
    Word,
    problem_of,
)
from jvscheduler.history.records.attempts import attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import outcome_of
from jvscheduler.history.times import from_timestamp
from jvscheduler.outcomes import Outcome, Reason, Status, clip_start
from jvscheduler.worker.messages import Ended
from jvscheduler.worker.output import TAIL_BYTES

_LONGEST: Final = timedelta(days=366)
"""No attempt takes longer."""
_DRIFT: Final = timedelta(days=1)
"""A start that differs by more from the claim's is none: a worker has the clock of its loop."""


class _End(BaseModel):
    """How an attempt ended, as the worker says it. Its claim is not read: the loop has its own."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    started_at: Seconds
    ended_at: Seconds
    status: Literal["completed", "failed", "timeout"]
    reason: Word | None = None
    error_message: Error | None = None
    traceback: Traceback | None = None
    result: Result = None
    cpu_seconds: Seconds | None = None
    peak_memory_bytes: Large | None = None
    log_tail: LogTail | None = None
    is_last: bool = False


def outcome_of_end(claim: Outcome, ended: Ended) -> Outcome:
    """Return the outcome of the claim's attempt. Raises ValueError when the end cannot be read.

    It comes from the process that has imported the user's code, which may have changed anything
    there. A record with such a value could not be written, or not be read.
    """
    try:
        end = _End.model_validate(vars(ended))
    except ValidationError as error:
        raise ValueError(f"not the end of an attempt: {problem_of(error)}") from None
    started, took = from_timestamp(end.started_at), timedelta(seconds=end.ended_at - end.started_at)
    if not timedelta(0) <= took <= _LONGEST:
        raise ValueError(f"not the end of an attempt: it took {took}")
    # The claim's start is later when the clock was set back between two attempts.
    is_near = abs(started - claim.start_time) <= _DRIFT
    start = max(claim.start_time, started) if is_near else claim.start_time
    return replace(
        claim,
        start_time=start,
        status=Status(end.status),
        reason=end.reason,
        error_message=end.error_message,
        traceback=end.traceback,
        result=end.result,
        cpu_seconds=end.cpu_seconds,
        peak_memory_bytes=end.peak_memory_bytes,
        log_tail=(end.log_tail and clip_start(end.log_tail, TAIL_BYTES)) or None,
        completion_time=start + took,
        is_last=end.is_last,
    )


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
