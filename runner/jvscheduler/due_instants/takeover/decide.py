"""Decides what a takeover has to settle. Pure.

The history says up to which instant a task's instants have records, and which definition
was in force. This loop has to record what came due after that. If its definition differs
from the last one, it was not in force before: the last one's instants are missed, and none
of them runs.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
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
"""A loop looks 0.5 s ahead. A new definition comes into force after the instants that the loop
had then decided but not claimed: they lie at most this long before its start."""


@dataclass(frozen=True)
class Takeover:
    """The start of a loop's service of a task, until it is settled."""

    definition: Definition
    """As it was then."""
    since: datetime


@dataclass(frozen=True)
class TaskRecords:
    """The history's records of a task."""

    last_instant: datetime | None
    """The last instant up to the takeover that has a record."""
    latest_instant: datetime | None
    """The latest of all. It lies after the takeover when an earlier loop's clock was ahead."""
    revisions: Sequence[ScheduleRevision]
    """By their start."""


@dataclass(frozen=True)
class UnrecordedPeriod:
    """The time before a takeover, of which the history has no records: (after, the takeover]."""

    definition: Definition
    """The one that was in force."""
    after: datetime
    may_start: bool
    """True when the latest of the period's instants may still run."""
    revision_since: datetime | None
    """Since when a revision must say that the new definition is in force. None: the history
    has that revision."""
    unclaimed: tuple[Stretch, ...] = ()
    """Instants of the definition before: its loop had decided and not claimed them when the
    definition changed."""
    problem: str = ""
    """Why nobody can tell what was due."""


def decide(
    takeover: Takeover, history: TaskRecords, own_revisions: Set[str] = frozenset()
) -> UnrecordedPeriod:
    """`own_revisions` are ids of revisions that this loop has added since the takeover.

    They are in the history, but were not in force before.
    """
    before = [revision for revision in history.revisions if revision.id not in own_revisions]
    last = before[-1] if before else None
    try:
        period = _period(takeover, last, history.last_instant, is_edited=bool(own_revisions))
        return replace(period, unclaimed=tuple(_unclaimed(takeover, before, history.last_instant)))
    except InvalidSchedule as error:  # only a newer version can read it
        since = takeover.since
        return UnrecordedPeriod(
            takeover.definition,
            after=since,
            may_start=False,
            revision_since=beginning(last, since),
            problem=str(error),
        )


def latest_time(history: TaskRecords, own_revisions: Set[str]) -> datetime | None:
    """The latest time at which another loop has recorded an instant or begun a definition."""
    begun = (r.since for r in history.revisions if r.id not in own_revisions)
    times = (history.latest_instant, *begun)
    return max((time for time in times if time is not None), default=None)


def _period(
    takeover: Takeover,
    revision: ScheduleRevision | None,
    last_instant: datetime | None,
    *,
    is_edited: bool,
) -> UnrecordedPeriod:
    definition, now = takeover.definition, takeover.since
    since = beginning(revision, now)
    if revision is None or revision.since is None or revision.removed:
        return UnrecordedPeriod(definition, now, may_start=False, revision_since=since)
    after = max(revision.since, last_instant) if last_instant else revision.since
    current = revision_of(definition, now)
    if decides_alike(revision, current):
        is_known = revision.backend == current.backend
        # An edit since the takeover: the definition is no longer in force, so nothing of it
        # starts any more.
        return UnrecordedPeriod(
            definition,
            after,
            may_start=not is_edited,
            revision_since=None if is_known else since,
        )
    before = definition_of(revision, definition.name, definition.task.entrypoint)
    return UnrecordedPeriod(before, after, may_start=False, revision_since=since)


def _unclaimed(
    takeover: Takeover, revisions: Sequence[ScheduleRevision], last_instant: datetime | None
) -> Iterator[Stretch]:
    definition, now = takeover.definition, takeover.since
    since = revisions[-1].since if revisions else None
    if since is None or since - _AHEAD >= now:
        return
    start = max(since - _AHEAD, last_instant) if last_instant else since - _AHEAD
    for due in Timeline(revisions).due(start, min(since, now)):
        if due.revision.backend == revision_of(definition, now).backend:
            reason = Reason.SUSPENDED if due.revision.suspended else Reason.LOOP_DOWN
            yield from stretches_of(definition, [due.instant], reason)
