"""Which due instants a record is for, where that is decided outside the database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jvscheduler.history.records.jobs import ScheduledJob


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


def by_first_instant(jobs: Iterable[ScheduledJob]) -> Sequence[ScheduledJob]:
    return sorted(jobs, key=lambda job: (_first(job), job.id))


def _first(job: ScheduledJob) -> float:
    first = job.scheduled_time or job.execution_time
    return first.timestamp() if first else 0.0
