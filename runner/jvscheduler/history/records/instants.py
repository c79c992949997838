"""Which due instants a record is for, where that is decided outside the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jvscheduler.edge.values import read_time
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.records.jobs import ScheduledJob, decoded
from jvscheduler.names import scheduled_time_in_id


@dataclass(frozen=True)
class InstantRange:
    """The due instants of one task in (start, end]."""

    namespace: str
    task_id: str
    start: datetime
    end: datetime
    stretches_from_before: bool = True
    """Include the stretches that began at or before `start` and reach into the range.

    To find them, the database looks at all earlier records of the task."""


def last_instants(jobs: Iterable[ScheduledJob]) -> dict[str, datetime]:
    """The last instant of each task; manual jobs, which have none, and users' own left out."""
    latest: dict[str, datetime] = {}
    for job in jobs:
        last = job.last_scheduled_time or job.scheduled_time
        if job.is_ours and last is not None:
            latest[job.job_name] = max(last, latest.get(job.job_name, last))
    return latest


def last_instants_of_rows(
    rows: Sequence[Row], namespace: str, task_ids: Iterable[str]
) -> dict[str, datetime]:
    """The same of rows of these tasks, also of rows that are no valid records.

    The instant of such a row has a record, though nobody can read all of it. If the row were
    left out, all instants of its task would seem to have none, and would get a second one.
    """
    jobs, left_out = decoded(rows)
    latest = last_instants(jobs)
    bad_rows = [row for row in rows if str(row.get("id")) in left_out]
    for task_id in task_ids if bad_rows else ():
        times = [_last_instant(row, namespace, task_id) for row in bad_rows]
        known = [time for time in (*times, latest.get(task_id)) if time is not None]
        latest.update({task_id: max(known)} if known else {})
    return latest


def is_in_range(job: ScheduledJob, instants: InstantRange) -> bool:
    """True when one of our records of the task is in the range.

    A manual job has no instant: its start counts.
    """
    first = job.scheduled_time or job.execution_time
    last = job.last_scheduled_time or first
    if not job.is_ours or first is None or last is None:
        return False
    is_earlier = job.scheduled_time is not None and job.scheduled_time <= instants.start
    if is_earlier and not instants.stretches_from_before:
        return False
    return first <= instants.end and last > instants.start


def _last_instant(row: Row, namespace: str, task_id: str) -> datetime | None:
    """The last instant of a row that is no valid record. None: it is none of the task's."""
    first = scheduled_time_in_id(str(row.get("id")), namespace, task_id)
    context = row.get("context")
    if first is None or not isinstance(context, dict):
        return first
    try:
        return max(first, read_time(context["last_scheduled_time"]))
    except (KeyError, ValueError):
        return first


def by_first_instant(jobs: Iterable[ScheduledJob]) -> Sequence[ScheduledJob]:
    return sorted(jobs, key=lambda job: (_first(job), job.id))


def _first(job: ScheduledJob) -> float:
    first = job.scheduled_time or job.execution_time
    return first.timestamp() if first else 0.0
