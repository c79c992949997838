"""What the time before a loop took a task over means: pure.

The history says up to where the task's instants are accounted for, and by which
definition. What came after is this loop's to account for. A definition that
differs from the last one was never in force before: it owes nothing, and the
old one's instants are missed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jvscheduler.history.revisions import ScheduleRevision
from jvscheduler.loop.accounting import Account, gaps
from jvscheduler.loop.definition import Definition, decides_alike, revision_of
from jvscheduler.outcomes import Reason
from jvscheduler.tasks import Task


@dataclass
class Takeover:
    """A task whose past is not settled yet, as it was when this loop began to serve it."""

    definition: Definition
    since: datetime
    own: set[str] = field(default_factory=set)
    """Ids of the revisions that this loop has written since: they are not the past's."""
    recorded: datetime | None = None
    """Up to when the history has an account, where that is later than the loop's clock was."""


@dataclass(frozen=True)
class Past:
    """The instants in (after, the takeover] are the definition's to account for."""

    definition: Definition
    after: datetime
    runs: bool
    """Whether the latest of them may still run."""
    revise: bool
    """Whether a revision must say that the new definition is in force from now on."""


def past(takeover: Takeover, revisions: Sequence[ScheduleRevision], last: datetime | None) -> Past:
    """`revisions` are the task's, by their start; `last` is its latest instant with a record.

    Raises InvalidSchedule for one that only a newer version can read.
    """
    definition, now = takeover.definition, takeover.since
    revision = _in_force(revisions, takeover.own)
    if revision is None or revision.since is None or revision.removed:
        return unknown(takeover)
    after = max(revision.since, last) if last else revision.since
    current = revision_of(definition, now)
    if decides_alike(revision, current):
        runs = not takeover.own
        return Past(definition, after, runs, revise=revision.backend != current.backend)
    return Past(as_it_was(definition, revision), after, runs=False, revise=True)


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


def unknown(takeover: Takeover) -> Past:
    """Where nobody can tell what was due."""
    return Past(takeover.definition, takeover.since, runs=False, revise=True)


def _in_force(
    revisions: Sequence[ScheduleRevision], own: Collection[str]
) -> ScheduleRevision | None:
    return next((r for r in reversed(revisions) if r.id not in own), None)
