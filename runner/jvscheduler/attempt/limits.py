"""What becomes of a job for which its task has no place, and when a running one is silent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Outcome, Reason, Status

SILENT_AFTER: Final = timedelta(seconds=30)
"""A running job whose heartbeat is older has lost its runner."""


def skipped(claim: Outcome, max_concurrent: int, now: datetime) -> Outcome:
    return replace(
        claim,
        status=Status.SKIPPED,
        reason=Reason.CONCURRENCY_LIMIT,
        error_message=f"{max_concurrent} earlier job(s) of the task had not ended (max_concurrent)",
        completion_time=now,
    )


def is_alive(job: ScheduledJob, now: datetime) -> bool:
    return job.heartbeat_time is not None and now - job.heartbeat_time <= SILENT_AFTER
