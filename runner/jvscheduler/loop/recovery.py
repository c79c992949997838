"""What the time before a loop took a task over means: pure.

The history says up to where the task's instants are accounted for, and by which
definition. What came after is this loop's to account for. A definition that
differs from the last one was never in force before: it owes nothing, and the
old one's instants are missed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.definitions import Definitions
from jvscheduler.history.revisions import ScheduleRevision, beginning
from jvscheduler.loop.accounting import Account, account, gaps
from jvscheduler.loop.definition import Definition, decides_alike, revision_of
from jvscheduler.outcomes import Gap, Reason
from jvscheduler.tasks import Task

_AHEAD: Final = timedelta(seconds=1)
"""A loop looks half as far ahead: a definition counts from after what it has in hand."""


@dataclass(frozen=True)
class Past:
    account: Account
    begins: datetime | None
    """From when on a revision must say that the definition is in force; None: the history knows."""


def past(
    definition: Definition,
    revisions: Sequence[ScheduleRevision],
    last: datetime | None,
    now: datetime,
) -> Past:
    """`last` is the latest instant that has a record; `now` when this loop took over."""
    revision = revisions[-1] if revisions else None
    since, differs = _since_revision(definition, revision, last, now)
    in_hand = tuple(_in_hand(definition, revisions, last, now))
    account = Account(since.run, (*in_hand, *since.gaps))
    return Past(account, beginning(revision, now) if differs else None)


def _in_hand(
    definition: Definition,
    revisions: Sequence[ScheduleRevision],
    last: datetime | None,
    now: datetime,
) -> Iterator[Gap]:
    """Of the definition before the last, what its loop had in hand, and when that one began did
    not come to claim."""
    since = revisions[-1].since if revisions else None
    if since is None or since - _AHEAD >= now:
        return
    start = max(since - _AHEAD, last) if last else since - _AHEAD
    for due in Definitions(revisions).due(start, min(since, now)):
        if due.revision.backend == revision_of(definition, now).backend:
            reason = Reason.SUSPENDED if due.revision.suspended else Reason.LOOP_DOWN
            yield from gaps(definition, [due.instant], reason)


def _since_revision(
    definition: Definition,
    revision: ScheduleRevision | None,
    last: datetime | None,
    now: datetime,
) -> tuple[Account, bool]:
    """And whether that is another definition."""
    if revision is None or revision.since is None or revision.removed:
        return Account(), True
    after = max(revision.since, last) if last else revision.since
    current = revision_of(definition, now)
    if decides_alike(revision, current):
        return _account(definition, after, now), revision.backend != current.backend
    before = _account(as_it_was(definition, revision), after, now)
    return unrun(definition, before, Reason.LOOP_DOWN), True


def unrun(definition: Definition, found: Account, reason: Reason) -> Account:
    """The same account where the instant that would run does not."""
    if found.run is None:
        return found
    last = found.gaps[-1] if found.gaps else None
    if last is not None and last.reason is reason:
        stretch = replace(last, last=found.run, count=last.count + 1)
        return Account(gaps=(*found.gaps[:-1], stretch))
    return Account(gaps=(*found.gaps, *gaps(definition, [found.run], reason)))


def as_it_was(definition: Definition, revision: ScheduleRevision) -> Definition:
    seconds = revision.starting_deadline_seconds
    task = Task(
        task_id=definition.task.task_id,
        entrypoint=definition.task.entrypoint,
        schedule=revision.parsed(),
        enabled=not revision.suspended,
        max_concurrent=revision.max_concurrency,
    )
    deadline = timedelta(seconds=seconds) if seconds else None
    return Definition(definition.name, definition.namespace, task, deadline)


def _account(definition: Definition, after: datetime, now: datetime) -> Account:
    return account(definition, after, now, Reason.LOOP_DOWN) if after < now else Account()
