"""Whether a job that has claimed its instant must yield to jobs of its task that are active.

A job keeps its place between two attempts: none that came due meanwhile may
take it, or the job would be over the limit when its next attempt begins. Jobs
that claim at the same moment see each other; so that not all of them yield,
only those count that began earlier (by their first attempt's start, then their
id). Two that begin within the time of one write to the database may both run.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.runner.retries import retry_pause

SILENT_AFTER: Final = timedelta(seconds=30)
"""A running job whose heartbeat is older has lost its runner; it holds no place."""


OVERDUE_AFTER: Final = timedelta(minutes=1)
"""An attempt that has not begun so long after its pause holds no place either."""


def must_yield(
    claim: Outcome, active: Sequence[ScheduledJob], max_concurrent: int, now: datetime
) -> bool:
    start = next((_start(job) for job in active if job.id == claim.job_id), claim.start_time)
    others = [job for job in active if job.id != claim.job_id and holds_place(job, now)]
    earlier = [job for job in others if (_start(job), job.id) < (start, claim.job_id)]
    return len(earlier) >= max_concurrent


def holds_place(job: ScheduledJob, now: datetime) -> bool:
    return is_alive(job, now) if job.status is Status.RUNNING else _awaits_retry(job, now)


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
    return datetime.fromisoformat(job.attempts[0]["start_time"])


def _awaits_retry(job: ScheduledJob, now: datetime) -> bool:
    ended = datetime.fromisoformat(job.attempts[-1]["completion_time"])
    return now - ended <= timedelta(seconds=retry_pause(len(job.attempts))) + OVERDUE_AFTER
