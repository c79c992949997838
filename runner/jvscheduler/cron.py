"""Cron, exactly as the CronJob controller understands it.

Kubernetes reads a CronJob's schedule with robfig/cron v3.0.1 (`ParseStandard`)
and asks it for each next instant (`SpecSchedule.Next`). What we say is due must
be what the controller makes Jobs for, so both are followed to the letter, also
where they surprise: Sunday is 0 and never 7, `*/2` is a restriction and `*/1`
is none, `N/step` means `N-max/step`, and the search walks months, days, hours
and minutes in the order that decides what happens when the clock changes. No
Python library does: they differ on those points or on the clock changes.

Ours alone: `@every` and `TZ=` are refused, because an interval has a form of
its own in the grammar and the time zone a field of its own; a schedule that
can never be due is refused; and the search looks 8 years ahead, not 5, so that
29 February is found across a century's end.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from jvscheduler.errors import InvalidSchedule

SYNONYMS: Final[Mapping[str, str]] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_YEARS_AHEAD: Final = 8
_LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NUMBER: Final = re.compile(r"\+?[0-9]+", re.ASCII)
_MAX_INT: Final = 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_INSTANT: Final = (datetime(9990, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class _Bounds:
    name: str
    low: int
    high: int
    words: Mapping[str, int]


_FIELDS: Final = (
    _Bounds("minute", 0, 59, {}),
    _Bounds("hour", 0, 23, {}),
    _Bounds("day of month", 1, 31, {}),
    _Bounds("month", 1, 12, {name: i for i, name in enumerate(MONTHS, start=1)}),
    _Bounds("day of week", 0, 6, {name: i for i, name in enumerate(WEEKDAYS)}),
)


@dataclass(frozen=True)
class Cron:
    """Each field as bits: bit n says that n is allowed."""

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    either_day: bool
    """One of the two day fields is enough; else both must allow the day."""

    def next(self, after: datetime, zone: tzinfo) -> datetime | None:
        """The first due instant after `after`, aware UTC; None: not within eight years."""
        instant = _Search(self, zone, after).run()
        return None if instant is None else _EPOCH + timedelta(seconds=instant)

    def allows_day(self, day: int, weekday: int) -> bool:
        """`weekday` counts from Sunday, 0."""
        of_month, of_week = self.days >> day & 1, self.weekdays >> weekday & 1
        return bool(of_month | of_week if self.either_day else of_month & of_week)

    @property
    def is_ever_due(self) -> bool:
        if not (self.minutes and self.hours and self.months):
            return False
        if self.either_day and self.weekdays:
            return True
        return bool(self.weekdays or self.either_day) and any(
            self.months >> month & 1 and self.days & _bits(1, longest, 1)
            for month, longest in enumerate(_LONGEST_MONTH, start=1)
        )


class CronItemError(InvalidSchedule):
    """One item of one field; `nearest` would be accepted in its place."""

    def __init__(self, message: str, field: int, item: int, nearest: str) -> None:
        super().__init__(message)
        self.field = field
        self.item = item
        self.nearest = nearest


def parse_cron(text: str) -> Cron:
    """Five fields, lower case, ASCII; raises InvalidSchedule that names the position."""
    fields = [(match.group(), match.start() + 1) for match in re.finditer(r"\S+", text)]
    if len(fields) != len(_FIELDS):
        raise InvalidSchedule(
            f"a cron schedule has five fields (minute, hour, day of month, month, day of week), "
            f"found {len(fields)}{_six_fields(len(fields))}"
        )
    parsed = [_field(index, *field) for index, field in enumerate(fields)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = parsed
    cron = Cron(minutes, hours, days, months, weekdays, not (any_day or any_weekday))
    if not cron.is_ever_due:
        raise InvalidSchedule("this cron schedule is never due: no date satisfies its fields")
    return cron


def _six_fields(count: int) -> str:
    return "; Kubernetes has none for seconds or years, leave it out" if count in (6, 7) else ""


def _field(index: int, text: str, position: int) -> tuple[int, bool]:
    """The bits, and whether the field is unrestricted in the sense of the day rule."""
    bounds, bits, star = _FIELDS[index], 0, False
    for number, item in enumerate(text.split(",")):
        if item:  # robfig ignores empty ones
            try:
                item_bits, item_star = _item(item, bounds)
            except _ItemError as error:
                where = f"at position {position}, {bounds.name}"
                raise CronItemError(f"{where}: {error}", index, number, error.nearest) from None
            bits, star = bits | item_bits, star or item_star
        position += len(item) + 1
    return bits, star


class _ItemError(ValueError):
    def __init__(self, message: str, nearest: str) -> None:
        super().__init__(message)
        self.nearest = nearest


def _item(item: str, bounds: _Bounds) -> tuple[int, bool]:
    span, *steps = item.split("/")
    if len(steps) > 1:
        raise _ItemError(f"expected at most one '/', found {item!r}", f"{span}/{steps[0]}")
    step = _step(span, steps[0]) if steps else 1
    star, low, high = _span(span, bounds)
    if steps and "-" not in span:
        high = bounds.high
    return _bits(low, high, step), star and step == 1


def _step(span: str, text: str) -> int:
    step = _integer(text)
    if not step:
        raise _ItemError(f"expected a step of 1 or more, found {text!r}", span)
    return step


def _span(span: str, bounds: _Bounds) -> tuple[bool, int, int]:
    ends = span.split("-")
    if ends[0] in ("*", "?"):  # robfig ignores what follows a hyphen
        return True, bounds.low, bounds.high
    if len(ends) > 2:
        raise _ItemError(f"expected at most one '-', found {span!r}", "-".join(ends[:2]))
    low, high = _value(ends[0], bounds), _value(ends[-1], bounds)
    if low > high:
        raise _ItemError(f"the range {span!r} runs backwards", f"{ends[1]}-{ends[0]}")
    return False, low, high


def _value(text: str, bounds: _Bounds) -> int:
    value = bounds.words.get(text, _integer(text))
    if value is not None and bounds.low <= value <= bounds.high:
        return value
    words = list(bounds.words)
    names = f" or {words[0]}-{words[-1]}" if words else ""
    expected = f"expected {bounds.low}-{bounds.high}{names}, found {text!r}{_remark(text, bounds)}"
    raise _ItemError(expected, _nearest(text, value, bounds))


def _nearest(text: str, value: int | None, bounds: _Bounds) -> str:
    if value is not None:
        return "0" if _is_sunday(value, bounds) else str(max(bounds.low, min(value, bounds.high)))
    return text[:3] if text[:3] in bounds.words else "*"


def _remark(text: str, bounds: _Bounds) -> str:
    if _is_sunday(_integer(text), bounds):
        return "; Sunday is 0"
    return "; Kubernetes does not know L, W, # and H" if re.search(r"[lw#h]", text) else ""


def _is_sunday(value: int | None, bounds: _Bounds) -> bool:
    return value == 7 and bounds.high == 6


def _integer(text: str) -> int | None:
    """As Go's `strconv.Atoi`, without negative numbers."""
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and number <= _MAX_INT else None


def _bits(low: int, high: int, step: int) -> int:
    if step == 1:
        return (1 << high + 1) - (1 << low)
    return sum(1 << number for number in range(low, high + 1, step))


class _Search:
    """`SpecSchedule.Next`, on Unix seconds: each stage answers whether its field allows `t`.

    A stage moves `t` on until its field does, and answers False when it passed
    the end of the next larger unit, so that all are looked at again. Steps of
    hours and minutes between which the zone's offset stays the same are taken
    at once; that changes no result.
    """

    def __init__(self, cron: Cron, zone: tzinfo, after: datetime) -> None:
        self._cron = cron
        self._zone = zone
        self._moved = False
        self._t = (after - _EPOCH) // timedelta(seconds=1) + 1

    def run(self) -> int | None:
        if self._t > _LAST_INSTANT:
            return None
        last_year = self._local().year + _YEARS_AHEAD
        while self._local().year <= last_year:
            if self._month() and self._day() and self._hour() and self._minute() and self._second():
                return self._t
        return None

    def _month(self) -> bool:
        while not self._cron.months >> (now := self._local()).month & 1:
            if not self._moved:
                now = self._go_to(now.year, now.month, 1)
            now = self._go_to(now.year, now.month + 1, now.day, _seconds(now))
            if now.month == 1:
                return False
        return True

    def _day(self) -> bool:
        while not self._cron.allows_day((now := self._local()).day, now.isoweekday() % 7):
            if not self._moved:
                now = self._go_to(now.year, now.month, now.day)
            now = self._go_to(now.year, now.month, now.day + 1, _seconds(now))
            if now.hour:  # this day has no midnight
                self._t += 3600 * (24 - now.hour if now.hour > 12 else -now.hour)
            if self._local().day == 1:
                return False
        return True

    def _hour(self) -> bool:
        while not self._cron.hours >> (now := self._local()).hour & 1:
            if not self._moved:
                now = self._go_to(now.year, now.month, now.day, now.hour * 3600)
            self._step(3600, _distance(self._cron.hours, now.hour, 24))
            if self._local().hour == 0:
                return False
        return True

    def _minute(self) -> bool:
        while not self._cron.minutes >> (now := self._local()).minute & 1:
            if not self._moved:
                self._moved = True
                self._t -= self._t % 60
            self._step(60, _distance(self._cron.minutes, now.minute, 60))
            if self._local().minute == 0:
                return False
        return True

    def _second(self) -> bool:
        second = self._local().second
        if second:
            self._moved = True
            self._t += 60 - second
        return not second

    def _step(self, unit: int, count: int) -> None:
        ahead = self._t + unit * count
        self._t = ahead if self._offset(ahead) == self._offset(self._t) else self._t + unit

    def _go_to(self, year: int, month: int, day: int, second: int = 0) -> datetime:
        """Go's `time.Date`: months and days run over, and so it resolves a clock change."""
        self._moved = True
        first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        wall = (first.toordinal() - _EPOCH_ORDINAL + day - 1) * 86400 + second
        self._t = wall - self._offset(wall - self._offset(wall))
        return self._local()

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self._t, self._zone)

    def _offset(self, t: int) -> int:
        offset = datetime.fromtimestamp(t, self._zone).utcoffset() or timedelta(0)
        return offset.days * 86400 + offset.seconds


def _seconds(now: datetime) -> int:
    """Since midnight by the clock on the wall."""
    return now.hour * 3600 + now.minute * 60 + now.second


def _distance(bits: int, value: int, end: int) -> int:
    """From a value to the next allowed one above it, or to the end of the unit."""
    above = bits >> value + 1
    return (above & -above).bit_length() if above else end - value
