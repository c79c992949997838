"""What the time before a loop took a task over means: pure.

The history says up to where the task's instants are accounted for, and by which
definition. What came after is this loop's to account for. A definition that
differs from the last one was never in force before: it owes nothing, and the
old one's instants are missed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.due_instants.decide import stretches_of
from jvscheduler.due_instants.definition import (
    Definition,
    decides_alike,
    definition_of,
    revision_of,
)
from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.records.revisions import ScheduleRevision, beginning
from jvscheduler.history.records.timeline import Timeline
from jvscheduler.outcomes import Reason, Stretch

_AHEAD: Final = timedelta(seconds=1)
"""A loop looks half as far ahead: a definition counts from after what it has in hand."""


@dataclass
class Takeover:
    """A task whose past is not settled yet, as it was when this loop began to serve it."""

    definition: Definition
    since: datetime
    own: set[str] = field(default_factory=set)
    """Ids of the revisions that this loop has written since: they are not the past's."""


@dataclass(frozen=True)
class Past:
    """The instants in (after, the takeover] are the definition's to account for."""

    definition: Definition
    after: datetime
    runs: bool
    """Whether the latest of them may still run."""
    begins: datetime | None
    """From when on a revision must say that the new definition is in force; None: the history
    knows."""
    in_hand: tuple[Stretch, ...] = ()
    problem: str = ""
    """Why nobody can tell what was due."""


def past(takeover: Takeover, revisions: Sequence[ScheduleRevision], last: datetime | None) -> Past:
    """`revisions` are the task's, by their start; `last` is its latest instant with a record."""
    before = [revision for revision in revisions if revision.id not in takeover.own]
    try:
        found = _past(takeover, before[-1] if before else None, last)
        return replace(found, in_hand=tuple(_in_hand(takeover, before, last)))
    except InvalidSchedule as error:  # only a newer version can read it
        definition, since = takeover.definition, takeover.since
        begins = beginning(before[-1], since)
        return Past(definition, since, runs=False, begins=begins, problem=str(error))


def _past(takeover: Takeover, revision: ScheduleRevision | None, last: datetime | None) -> Past:
    definition, now = takeover.definition, takeover.since
    begins = beginning(revision, now)
    if revision is None or revision.since is None or revision.removed:
        return Past(definition, now, runs=False, begins=begins)
    after = max(revision.since, last) if last else revision.since
    current = revision_of(definition, now)
    if decides_alike(revision, current):
        known = revision.backend == current.backend
        return Past(definition, after, runs=not takeover.own, begins=None if known else begins)
    before = definition_of(revision, definition.name, definition.task.entrypoint)
    return Past(before, after, runs=False, begins=begins)


def _in_hand(
    takeover: Takeover, revisions: Sequence[ScheduleRevision], last: datetime | None
) -> Iterator[Stretch]:
    """Of the definition before the last, what its loop had in hand, and when that one began did
    not come to claim."""
    definition, now = takeover.definition, takeover.since
    since = revisions[-1].since if revisions else None
    if since is None or since - _AHEAD >= now:
        return
    start = max(since - _AHEAD, last) if last else since - _AHEAD
    for due in Timeline(revisions).due(start, min(since, now)):
        if due.revision.backend == revision_of(definition, now).backend:
            reason = Reason.SUSPENDED if due.revision.suspended else Reason.LOOP_DOWN
            yield from stretches_of(definition, [due.instant], reason)
