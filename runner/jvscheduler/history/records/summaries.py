"""A task's scheduled jobs in a few facts: the last one, and how many have failed in a row. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Reason, Status

ENDED: Final = tuple(status for status in Status if status.is_final)
STARTED: Final = tuple(s for s in Status if s not in (Status.MISSED, Status.SKIPPED))
FAILED: Final = (Status.FAILED, Status.TIMEOUT)
"""The statuses of a failure in a row. `missed` and `skipped` neither count nor end the row.

Nor does a job that a later one replaced, as its task's concurrencyPolicy says: it did not fail."""

MOST: Final = 500
"""How many records of a task are looked at, the newest ones. Without this bound, each look at a
task that has failed for months would read all its records."""

ALWAYS: Final = datetime.fromtimestamp(0, tz=UTC)
"""A time before every due instant. A job that was started by hand has none, and does not count."""


@dataclass(frozen=True)
class TaskSummary:
    last_ended: ScheduledJob | None = None
    """The latest job that has ended, or did not run."""
    last_started: ScheduledJob | None = None
    """The latest job that ran, or runs."""
    last_completed: ScheduledJob | None = None
    last_failed: ScheduledJob | None = None
    consecutive_failures: int = 0
    """How many jobs have failed since the last one that completed, of those looked at."""


def due_time(job: ScheduledJob | None) -> datetime | None:
    """The last instant that the record is for."""
    return None if job is None else job.last_scheduled_time or job.scheduled_time


def row_of_failures_begins(last_completed: ScheduledJob | None) -> datetime:
    return (last_completed and last_completed.scheduled_time) or ALWAYS


def summarize(jobs: Iterable[ScheduledJob], most: int = MOST) -> TaskSummary:
    """The summary of the newest records of one task, where all are at hand."""
    every = [job for job in jobs if job.is_ours and job.scheduled_time is not None]
    scheduled = sorted(every, key=_first, reverse=True)[:most]
    completed = _latest(scheduled, (Status.COMPLETED,))
    since = row_of_failures_begins(completed)
    failures = [job for job in scheduled if job.status in FAILED and job.reason != Reason.REPLACED]
    return TaskSummary(
        last_ended=_latest(scheduled, ENDED),
        last_started=_latest(scheduled, STARTED),
        last_completed=completed,
        last_failed=_latest(failures, FAILED),
        consecutive_failures=sum(_first(job) > since for job in failures),
    )


def _latest(jobs: Iterable[ScheduledJob], statuses: Sequence[Status]) -> ScheduledJob | None:
    return max((job for job in jobs if job.status in statuses), key=_first, default=None)


def _first(job: ScheduledJob) -> datetime:
    return job.scheduled_time or ALWAYS
