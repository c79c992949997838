"""What an ended attempt means: its outcome, and whether another attempt follows. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.outcomes import Outcome, Reason, Status, from_message

SILENT_AFTER: Final = timedelta(seconds=30)
"""A running job whose last heartbeat is older has lost its runner."""

_RETRIED: Final = (Status.FAILED, Status.TIMEOUT)


def ended(message: str, exit_code: int, claim: Outcome, now: datetime) -> Outcome | None:
    """What became of the attempt; None when it found its job taken and did nothing.

    A runner that left no message and no success was killed.
    """
    try:
        return from_message(message)
    except ValueError:
        return None if exit_code == 0 else lost(claim, now, f"its runner ended with {exit_code}")


def lost(claim: Outcome, now: datetime, how: str) -> Outcome:
    return replace(
        claim,
        status=Status.FAILED,
        reason=Reason.RUNNER_LOST,
        error_message=f"what became of the task is unknown: {how} before it recorded an outcome",
        completion_time=now,
    )


def is_retried(outcome: Outcome | None, attempts: int) -> bool:
    """After so many attempts, this one included."""
    return outcome is not None and outcome.status in _RETRIED and attempts <= outcome.retry_count


def silent_attempts(job: ScheduledJob, now: datetime) -> Sequence[Outcome]:
    """The outcomes that close a job's running attempts, if its runner has been silent too long."""
    beat = job.heartbeat_time
    if job.status is not Status.RUNNING or (beat is not None and now - beat <= SILENT_AFTER):
        return ()
    running = [a for a in job.attempts if a["status"] == Status.RUNNING]
    return [lost(_claim(job, a), now, "its runner fell silent") for a in running]


def _claim(job: ScheduledJob, attempt: dict[str, str]) -> Outcome:
    return Outcome(
        job_id=job.id,
        task_id=job.job_name,
        namespace=job.namespace,
        job_name=job.kubernetes_job,
        attempt_id=attempt["attempt_id"],
        status=Status.RUNNING,
        scheduled_time=job.scheduled_time,
        start_time=datetime.fromisoformat(attempt["start_time"]),
        retry_count=job.retry_count,
    )
