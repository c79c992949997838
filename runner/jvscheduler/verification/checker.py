"""Reads a task's history in windows, for an `Audit` to judge: any length, in little memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.timeline import Due, Timeline
from jvscheduler.history.store.protocol import TaskHistory
from jvscheduler.verification.audit import Audit, AuditOptions, Window

MOST_INSTANTS: Final = 1000
"""The most instants in a window. Each may have a record of 40 KiB."""

LONGEST: Final = timedelta(days=7)
"""The longest window. A window is shorter when the most instants come due earlier."""


async def judge(
    history: TaskHistory,
    task: tuple[str, str],
    start: datetime,
    end: datetime,
    options: AuditOptions,
) -> Audit:
    """Judge the instants of a task (namespace, id) in (start, end]."""
    timeline = Timeline(await history.revisions(task[0], [task[1]]))
    audit = Audit(timeline, options)
    audit.find_unreadable(start, end)
    lasting: Sequence[ScheduledJob] = ()
    for window in windows(timeline, start, end):
        # Later windows know the stretches from before: they are in `lasting`.
        is_first = window.start == start
        instants = InstantRange(*task, window.start, window.end, stretches_from_before=is_first)
        jobs = [*lasting, *await history.jobs_between(instants)]
        audit.judge(window, jobs)
        lasting = [job for job in jobs if _lasts(job, window.end)]
    return audit


def _lasts(job: ScheduledJob, end: datetime) -> bool:
    """True for a stretch that reaches into the next window."""
    return job.last_scheduled_time is not None and job.last_scheduled_time > end


def windows(timeline: Timeline, start: datetime, end: datetime) -> Iterator[Window]:
    """Windows from start to end, one directly after the other."""
    due: list[Due] = []
    for each in timeline.due(start, end):
        while each.instant > start + LONGEST:
            yield Window(start, start + LONGEST, due)
            start, due = start + LONGEST, []
        due.append(each)
        if len(due) == MOST_INSTANTS:
            yield Window(start, each.instant, due)
            start, due = each.instant, []
    while start < end:
        until = min(end, start + LONGEST)
        yield Window(start, until, due)
        start, due = until, []
