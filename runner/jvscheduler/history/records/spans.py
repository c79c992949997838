"""Which time a record or a revision accounts for, where that is decided outside the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.revisions import ScheduleRevision


def last_instants(jobs: Iterable[ScheduledJob]) -> dict[str, datetime]:
    """By task, of our records; those of manual runs have none."""
    found: dict[str, datetime] = {}
    for job in jobs:
        last = job.last_scheduled_time or job.scheduled_time
        if job.is_ours and last is not None:
            found[job.job_name] = max(last, found.get(job.job_name, last))
    return found


def is_between(job: ScheduledJob, start: datetime, end: datetime) -> bool:
    """Whether one of ours accounts for an instant in (start, end], or by hand began then."""
    first = job.scheduled_time or job.execution_time
    last = job.last_scheduled_time or first
    return job.is_ours and first is not None and last is not None and first <= end and last > start


def began_before(job: ScheduledJob, start: datetime) -> bool:
    return job.scheduled_time is not None and job.scheduled_time <= start


def by_first_instant(jobs: Iterable[ScheduledJob]) -> Sequence[ScheduledJob]:
    return sorted(jobs, key=lambda job: (_first(job), job.id))


def by_start(revisions: Iterable[ScheduleRevision]) -> Sequence[ScheduleRevision]:
    timed = [(revision.since, revision) for revision in revisions if revision.since is not None]
    return [revision for _, revision in sorted(timed, key=lambda pair: (pair[0], pair[1].id))]


def _first(job: ScheduledJob) -> float:
    first = job.scheduled_time or job.execution_time
    return first.timestamp() if first else 0.0
