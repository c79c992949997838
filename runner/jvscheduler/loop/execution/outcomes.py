"""The outcome of an attempt that ended, or whose runner is gone. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jvscheduler.attempt.limits import is_alive
from jvscheduler.history.records.attempts import attempts_of
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.merge import outcome_of
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.worker.messages import Ended


def outcome_of_end(claim: Outcome, ended: Ended) -> Outcome:
    started = datetime.fromtimestamp(ended.started_at, tz=UTC)
    return replace(
        claim,
        start_time=max(claim.start_time or started, started),
        status=Status(ended.status),
        reason=ended.reason,
        error_message=ended.error_message,
        traceback=ended.traceback,
        result=ended.result,
        cpu_seconds=ended.cpu_seconds,
        peak_memory_bytes=ended.peak_memory_bytes,
        log_tail=ended.log_tail or None,
        completion_time=datetime.fromtimestamp(ended.ended_at, tz=UTC),
    )


def lost(claim: Outcome, now: datetime, how: str) -> Outcome:
    return replace(
        claim,
        status=Status.FAILED,
        reason=Reason.RUNNER_LOST,
        error_message=f"the task's outcome is unknown: {how} before it recorded one",
        completion_time=now,
    )


def silent_attempts(job: ScheduledJob, now: datetime) -> Sequence[Outcome]:
    """Outcomes that close the running attempts of a job whose heartbeat is too old."""
    if job.status is not Status.RUNNING or is_alive(job, now):
        return ()
    running = [a for a in attempts_of(job) if a.status is Status.RUNNING]
    return [lost(outcome_of(job, a), now, "its runner fell silent") for a in running]
