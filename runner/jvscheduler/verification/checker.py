"""Reads a task's history in windows and has `audit` judge it: any length, little memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.timeline import Due, Timeline
from jvscheduler.history.store.protocol import TaskHistory
from jvscheduler.verification.audit import Audit, Terms, Window

MOST_INSTANTS: Final = 1000
"""In a window: records may have 40 KiB each."""

LONGEST: Final = timedelta(days=7)


async def judge(
    history: TaskHistory, task: tuple[str, str], start: datetime, end: datetime, terms: Terms
) -> Audit:
    """Of a task (namespace, id): its instants in (start, end]."""
    definitions = Timeline(await history.revisions(task[0], [task[1]]))
    audit = Audit(definitions, terms)
    lasting: Sequence[ScheduledJob] = ()
    for window in windows(definitions, start, end):
        is_first = window.start == start
        instants = InstantRange(*task, window.start, window.end, stretches_from_before=is_first)
        jobs = [*lasting, *await history.jobs_between(instants)]
        audit.look(window, jobs)
        lasting = [job for job in jobs if _lasts(job, window.end)]
    return audit


def _lasts(job: ScheduledJob, end: datetime) -> bool:
    """A stretch that goes on in the next window."""
    return job.last_scheduled_time is not None and job.last_scheduled_time > end


def windows(definitions: Timeline, start: datetime, end: datetime) -> Iterator[Window]:
    """From start to end without a hole."""
    due: list[Due] = []
    for one in definitions.due(start, end):
        while one.instant > start + LONGEST:
            yield Window(start, start + LONGEST, due)
            start, due = start + LONGEST, []
        due.append(one)
        if len(due) == MOST_INSTANTS:
            yield Window(start, one.instant, due)
            start, due = one.instant, []
    while start < end:
        until = min(end, start + LONGEST)
        yield Window(start, until, due)
        start, due = until, []
