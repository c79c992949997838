"""Whether a job that has claimed its instant must yield to jobs of its task that run already.

Jobs that claim at the same moment see each other; so that not all of them
yield, only those count that began earlier (by their start, then their id). Two
that begin within the time of one write to the database may both run.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.outcomes import Outcome, Reason, Status

SILENT_AFTER: Final = timedelta(seconds=30)
"""A running job whose heartbeat is older has lost its runner; it holds no place."""


def must_yield(
    claim: Outcome, running: Sequence[ScheduledJob], max_concurrent: int, now: datetime
) -> bool:
    alive = [job for job in running if job.id != claim.job_id and is_alive(job, now)]
    earlier = [job for job in alive if (_start(job), job.id) < (claim.start_time, claim.job_id)]
    return len(earlier) >= max_concurrent


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


def _start(job: ScheduledJob) -> datetime:
    return datetime.fromisoformat(job.attempts[-1]["start_time"])
