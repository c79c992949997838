"""Lists of job records: what is wanted, a page of it, and where the next page begins. Pure.

A list leaves out the details of a job: they are up to 64 KiB of each record, and nobody reads
a thousand of them at once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jvscheduler.history.records.jobs import ScheduledJob, decoded
from jvscheduler.outcomes import Status

DETAILS: Final = ("traceback", "result", "log_tail", "metadata")
"""The fields that lists leave out. They have their default there."""


@dataclass(frozen=True)
class JobFilter:
    since: datetime
    """Only jobs whose execution time is this or later."""
    status: Status | None = None
    namespaces: Collection[str] | None = None
    """Only jobs of these. None: of all."""


@dataclass(frozen=True)
class Position:
    """A place in a list: after this job, and after so many rows that follow it."""

    execution_time: datetime | None = None
    """None: before the first job."""
    job_id: str = ""
    skip: int = 0
    """Rows that cannot be decoded have no place of their own, so they are counted."""


@dataclass(frozen=True)
class JobPage:
    jobs: Sequence[ScheduledJob]
    """Newest first, without details. Of two with one execution time, the lower id is first."""
    undecodable: Sequence[str] = ()
    """The ids of rows that are not valid records."""
    next: Position | None = None
    """None: there are no more rows."""


def position_of(job: ScheduledJob) -> Position:
    return Position(job.execution_time, job.id)


def place_at(execution_time: datetime | None, job_id: str) -> tuple[float, str]:
    """The key by which jobs are ordered in a list."""
    return (-execution_time.timestamp() if execution_time else 0.0, job_id)


def place_of(at: ScheduledJob | Position) -> tuple[float, str]:
    return place_at(at.execution_time, at.job_id if isinstance(at, Position) else at.id)


def page_of(rows: Sequence[dict[str, Any]], limit: int, after: Position) -> JobPage:
    """The page of these rows, which are the first `limit` after a position, or all there are."""
    found, undecodable = decoded(rows)
    jobs = [job for job in found if _is_after(job, after)]
    if len(rows) < limit:
        return JobPage(jobs, undecodable)
    if not jobs:
        next_rows = Position(after.execution_time, after.job_id, after.skip + len(rows))
        return JobPage(jobs, undecodable, next_rows)
    ids = [str(row.get("id")) for row in rows]
    trailing = len(ids) - 1 - ids.index(jobs[-1].id)
    return JobPage(jobs, undecodable, Position(jobs[-1].execution_time, jobs[-1].id, trailing))


def _is_after(job: ScheduledJob, after: Position) -> bool:
    """False for a job that the page before has shown.

    Its row may come again: a user's own record may hold its time in another form than ours, and
    the database compares texts.
    """
    if after.execution_time is None:
        return True
    return place_of(job) > place_of(after)
