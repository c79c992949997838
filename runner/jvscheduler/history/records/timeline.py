"""The revisions of one task in order: which instants were due, and under which definition."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.schedules import Schedule


@dataclass(frozen=True)
class Due:
    """A due instant, and the revision that makes it due."""

    instant: datetime
    revision: ScheduleRevision


class Timeline:
    """A revision is in force for instants after its `since`, up to and including the next one's.

    Before the first revision nothing is known, so nothing is due. Nor is anything known while a
    revision is in force that this version cannot read.
    """

    def __init__(self, revisions: Sequence[ScheduleRevision]) -> None:
        started = [(r.since, r) for r in revisions if r.since is not None]
        self._started = sorted(started, key=lambda pair: pair[0])
        self._since = [since for since, _ in self._started]

    @property
    def first(self) -> datetime | None:
        """The start of the first revision."""
        return self._since[0] if self._since else None

    @property
    def last(self) -> ScheduleRevision | None:
        return self._started[-1][1] if self._started else None

    def unreadable(self, start: datetime, end: datetime) -> Sequence[ScheduleRevision]:
        """The revisions in force for instants in (start, end] that this version cannot read."""
        numbers = range(bisect_right(self._since, start) - 1, bisect_left(self._since, end))
        return [self._started[n][1] for n in self._unreadable if n in numbers]

    @cached_property
    def _unreadable(self) -> Sequence[int]:
        """The numbers of the revisions that this version cannot read."""
        return [n for n, (_, r) in enumerate(self._started) if not r.removed and r.problem]

    def limit(self, start: datetime, end: datetime) -> int:
        """The highest `max_concurrency` of the revisions in force between the two times."""
        first = max(bisect_left(self._since, start) - 1, 0)
        last = bisect_left(self._since, end)
        return max((r.max_concurrency for _, r in self._started[first:last]), default=1)

    def due(self, start: datetime, end: datetime) -> Iterator[Due]:
        """The due instants in (start, end], in order; those of a suspended task too.

        They come one at a time: there may be millions.
        """
        number = max(bisect_left(self._since, start) - 1, 0)
        while number < len(self._started) and self._since[number] < end:
            since, revision = self._started[number]
            number += 1
            until = self._since[number] if number < len(self._since) else end
            schedule = _schedule(revision)
            if schedule is not None:
                instants = schedule.between(max(start, since), min(until, end))
                yield from (Due(instant, revision) for instant in instants)


def _schedule(revision: ScheduleRevision) -> Schedule | None:
    """None: nothing is due under the revision, as far as this version can tell."""
    try:
        return None if revision.removed else revision.parsed()
    except InvalidSchedule:
        return None
