"""A schedule and its due instants.

A Schedule is made only by parsing a text, so each one is valid. Its text is canonical: lower case,
single spaces, times with two digits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import Final, Literal
from zoneinfo import ZoneInfo

from jvscheduler.cron import Cron, next_once, parse_cron
from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules import spread
from jvscheduler.schedules.faithful import says_the_same
from jvscheduler.schedules.intervals import Interval
from jvscheduler.schedules.nearest import EXAMPLES, nearest_carried
from jvscheduler.schedules.parsing import MAX_TEXT, Meaning, Reading, plain, read
from jvscheduler.schedules.rewording import reworded
from jvscheduler.schedules.unreadable import Unreadable
from jvscheduler.zones import zone

Dst = Literal["cron", "once"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = (datetime(9990, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
"""Unix seconds. Nothing is due later, so that no date exceeds Python's last year, 9999."""
_A_YEAR: Final = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
_EIGHT_YEARS: Final = timedelta(days=8 * 366)
_SOME: Final = 100
_MOST_CORRECTIONS: Final = 8
"""A refused text is corrected at most so often, one part each time, to find a valid form."""


@dataclass(frozen=True)
class Schedule:
    """Made by `parse_schedule`. Two are equal when text, time zone, seed and dst are equal."""

    text: str
    time_zone: str
    seed: str
    """A random interval computes its delays from it, and `H` its value. Others do not use it."""
    dst: Dst
    """Where the clock changes: `cron` does as cron does, `once` runs each time of a day once."""
    lines: tuple[str, ...] = field(compare=False)
    """Cron lines: due is what is due by one of them. An interval has none. `H` has its value."""
    _meaning: Meaning = field(repr=False, compare=False)
    _zone: ZoneInfo = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    def next(self, after: datetime) -> datetime | None:
        """Return the first due instant strictly after an aware one, in UTC.

        It is None only near the end of the calendar.
        """
        if after.tzinfo is None:
            raise ValueError(f"after must be aware, got {after.isoformat()}")
        if isinstance(self._meaning, Interval):
            return _next_of_interval(self._meaning, after, self.seed)
        found = (self._next_of_cron(cron, after) for cron in self._meaning)
        return min((instant for instant in found if instant is not None), default=None)

    def _next_of_cron(self, cron: Cron, after: datetime) -> datetime | None:
        if self.dst == "once":
            return next_once(cron, self._zone, after)
        return cron.next(after, self._zone)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the due instants after `start` up to `end`, which is included, in order."""
        instant = self.next(start)
        while instant is not None and instant <= end:
            yield instant
            instant = self.next(instant)

    def shortest_gap(self) -> timedelta | None:
        """Return the shortest time between two due instants.

        Of wall-clock times it looks at the first hundred of a year. None: there is only one.
        """
        if isinstance(self._meaning, Interval):
            return timedelta(seconds=self._meaning.low)
        some = list(islice(self.between(_A_YEAR, _A_YEAR + _EIGHT_YEARS), _SOME))
        return min((after - before for before, after in pairwise(some)), default=None)

    @property
    def cron(self) -> str | None:
        """The fields of a CronJob that is due at the same instants; None when no CronJob is."""
        return self.lines[0] if self.dst == "cron" and len(self.lines) == 1 else None

    def of_task(self, task_id: str) -> "Schedule":
        """The schedule with the instants that it has for this task."""
        return parse_schedule(self.text, self.time_zone, task_id, self.dst)

    @property
    def resolved(self) -> str | None:
        """The cron line in which each `H` has its value; None for a text without `H`."""
        return self.lines[0] if spread.is_spread(self.text) else None

    @property
    def instants_key(self) -> tuple[object, ...]:
        """Schedules with equal keys are due at the same instants, as `daily` and `0 0 * * *`."""
        if isinstance(self._meaning, Interval):
            is_random = self._meaning.low != self._meaning.high
            return self._meaning, self.seed if is_random else ""
        return self._meaning, self.time_zone, self.dst

    @property
    def loop_reason(self) -> str | None:
        """The reason why no CronJob is due at the same instants; None when one is."""
        if self.cron is not None:
            return None
        if len(self.lines) > 1:
            return f"{self.text!r} has times of different minutes, which no one cron line has"
        if not isinstance(self._meaning, Interval):
            return f"{self.text!r} with dst='once' is not what cron does where the clock changes"
        what = "an interval" if self._meaning.low == self._meaning.high else "a random interval"
        return f"{self.text!r} is {what} that cron cannot say"

    @property
    def refusal(self) -> str | None:
        """The error, with a remedy, for a task that asks for a CronJob; None if it can have one."""
        if self.cron is not None:
            return None
        return f"{self.loop_reason}: leave the backend out or ask for the Loop; {self._nearest()}"

    def _nearest(self) -> str:
        if len(self.lines) > 1:
            return f"a CronJob carries a task for each of {', '.join(map(repr, self.lines))}"
        if isinstance(self._meaning, Interval):
            near = repr(nearest_carried(self._meaning.mean))
        else:
            near = f"{self.text!r} with dst='cron'"
        return f"nearest form that a CronJob carries: {near}"

    @property
    def is_finer_than_a_minute(self) -> bool:
        """True when two instants may be less than a minute apart."""
        return isinstance(self._meaning, Interval) and self._meaning.low < 60


def parse_schedule(
    text: str, time_zone: str = "UTC", seed: str = "", dst: Dst = "cron"
) -> Schedule:
    """Raises InvalidSchedule, which names the position, what was expected, and a valid form."""
    if not isinstance(text, str):
        raise InvalidSchedule(f"schedule must be text such as 'daily at 14:30', got {text!r}")
    tz = zone(time_zone)
    canonical, lines, meaning = _read(text)
    if spread.is_spread(canonical):
        lines = (spread.resolved(canonical, seed),)
        meaning = (parse_cron(lines[0]),)
    _check_dst(dst, canonical, meaning)
    return Schedule(canonical, time_zone, seed, dst, lines, meaning, tz)


def _read(text: str) -> Reading:
    try:
        return _read_once(text)
    except Unreadable as error:
        near = _nearest(text)
        remedy = f"nearest form: {near!r}" if near else f"examples: {EXAMPLES}"
        raise InvalidSchedule(f"schedule {_shown(text)}: {error}; {remedy}") from None


_read_once = lru_cache(maxsize=4096)(read)  # an application's tasks share few texts


def _nearest(text: str) -> str | None:
    """Return a form that says what the text says. None: there is none, or it is not certain."""
    if len(text) > MAX_TEXT:
        return None
    said = reworded(plain(text).strip().strip("'\""))
    near = _corrected(said)
    return near if near is not None and says_the_same(said, near) else None


def _corrected(text: str) -> str | None:
    # Each refusal corrects one part of the text, so several may follow each other.
    for _ in range(_MOST_CORRECTIONS):
        try:
            return read(text)[0]
        except Unreadable as error:
            text = error.corrected
    return None


def _check_dst(dst: object, canonical: str, meaning: Meaning) -> None:
    if dst not in ("cron", "once"):
        raise InvalidSchedule(f"dst must be 'cron' or 'once', got {dst!r}")
    if dst != "cron" and isinstance(meaning, Interval):
        raise InvalidSchedule(
            f"dst={dst!r} is for times of the wall clock, and {canonical!r} is an interval, "
            "which no clock change moves: leave dst out"
        )


def _next_of_interval(interval: Interval, after: datetime, seed: str) -> datetime | None:
    instant = interval.next((after - _EPOCH) // timedelta(seconds=1), seed)
    return _EPOCH + timedelta(seconds=instant) if instant < _LAST else None


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:77]!r}…"
