"""Two limits of a job: how many jobs of its task may run at once, and how long it may be silent."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Outcome, Reason, Status

SILENT_AFTER: Final = timedelta(seconds=30)
"""A running job without a heartbeat for this long has lost its runner. Heartbeats come every 10 s,
so that a single one that is lost proves nothing."""


def skipped(claim: Outcome, max_concurrent: int, now: datetime) -> Outcome:
    """Return the outcome of a job that did not run because all slots of its task were in use."""
    return replace(
        claim,
        status=Status.SKIPPED,
        reason=Reason.CONCURRENCY_LIMIT,
        error_message=f"{max_concurrent} earlier job(s) of the task had not ended (max_concurrent)",
        completion_time=end_of(claim, now),
    )


def end_of(claim: Outcome, now: datetime) -> datetime:
    """Return when an attempt ended that ends now: not before its start.

    The clock may have been set back since.
    """
    return max(now, claim.start_time or now)


def is_alive(job: ScheduledJob, now: datetime) -> bool:
    """True when the job's last heartbeat is recent enough."""
    return job.heartbeat_time is not None and now - job.heartbeat_time <= SILENT_AFTER
