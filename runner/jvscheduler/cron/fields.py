"""Parse cron text as Kubernetes does: robfig/cron v3.0.1, `ParseStandard`.

All that it accepts is accepted here, because a CronJob with such a schedule may exist and means
something. Two examples: it reads `*-5` as `*`, and it ignores empty items of a list.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from jvscheduler.cron.fast_path import epoch_seconds, next_by_arithmetic
from jvscheduler.cron.search import Search
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

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NUMBER: Final = re.compile(r"\+?[0-9]+", re.ASCII)
_MAX_INT: Final = 2**63 - 1


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
    """The values that each field allows, as bits: bit n is set when n is allowed."""

    minutes: int
    hours: int
    days: int
    months: int
    weekdays: int
    either_day: bool
    """True when a day is due if one of the two day fields allows it; else both must allow it."""

    def next(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first due instant after `after`, in UTC; None: there is none in 8 years."""
        seconds = next_by_arithmetic(self, zone, epoch_seconds(after))
        if seconds is None:
            return Search(self, zone, after).run()
        return _EPOCH + timedelta(seconds=seconds)

    def allows_day(self, day: int, weekday: int) -> bool:
        """True when the day fields allow this day. `weekday` is 0 on Sunday."""
        of_month, of_week = self.days >> day & 1, self.weekdays >> weekday & 1
        return bool(of_month | of_week if self.either_day else of_month & of_week)

    @property
    def is_ever_due(self) -> bool:
        if not (self.minutes and self.hours and self.months):
            return False
        # A day of the week alone is enough, so the length of months does not matter.
        if self.either_day and self.weekdays:
            return True
        return bool(self.weekdays or self.either_day) and any(
            self.months >> month & 1 and self.days & _bits(1, longest, 1)
            for month, longest in enumerate(_LONGEST_MONTH, start=1)
        )


class CronItemError(InvalidSchedule):
    """One item of one field is wrong. `nearest` would be accepted in its place."""

    def __init__(self, message: str, field: int, item: int, nearest: str) -> None:
        super().__init__(message)
        self.field = field
        self.item = item
        self.nearest = nearest


class CronShapeError(InvalidSchedule):
    """The fields are wrong as a whole. `nearest` is a text that the user may have meant."""

    def __init__(self, message: str, nearest: str) -> None:
        super().__init__(message)
        self.nearest = nearest


def parse_cron(text: str) -> Cron:
    """Parse five fields in lower-case ASCII. Raises InvalidSchedule, which names the position."""
    fields = [(match.group(), match.start() + 1) for match in re.finditer(r"\S+", text)]
    if len(fields) != len(_FIELDS):
        raise _wrong_count(text, fields)
    parsed = [_field(index, *field) for index, field in enumerate(fields)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = parsed
    cron = Cron(minutes, hours, days, months, weekdays, not (any_day or any_weekday))
    if not cron.is_ever_due:
        raise _never_due(fields, [bits for bits, _ in parsed])
    return cron


def _wrong_count(text: str, fields: list[tuple[str, int]]) -> CronShapeError:
    count, texts = len(fields), [field for field, _ in fields]
    position = fields[5][1] if count > 5 else len(text.rstrip()) + 1
    remark = "; Kubernetes has none for seconds or years" if count in (6, 7) else ""
    nearest = texts[1:6] if count in (6, 7) else [*texts, *["*"] * 5][:5]
    return CronShapeError(
        f"at position {position}: expected five fields (minute, hour, day of month, month, "
        f"day of week), found {count}{remark}",
        " ".join(nearest),
    )


def _never_due(fields: list[tuple[str, int]], bits: list[int]) -> CronShapeError:
    texts = [field for field, _ in fields]
    empty = next((i for i, field_bits in enumerate(bits) if not field_bits), None)
    index = 2 if empty is None else empty
    expected = "at least one value"
    texts[index] = "*"
    if empty is None:
        longest = max(n for m, n in enumerate(_LONGEST_MONTH, start=1) if bits[3] >> m & 1)
        expected, texts[index] = f"a day up to {longest}, the last of these months", str(longest)
    return CronShapeError(
        f"at position {fields[index][1]}, {_FIELDS[index].name}: expected {expected}, "
        f"found {fields[index][0]!r}; this is never due",
        " ".join(texts),
    )


def _field(index: int, text: str, position: int) -> tuple[int, bool]:
    """Return the bits, and True when the field restricts nothing as the day rule sees it."""
    bounds, bits, star = _FIELDS[index], 0, False
    for number, item in enumerate(text.split(",")):
        if item:  # robfig ignores empty items
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
    try:
        star, low, high = _span(span, bounds)
    except _ItemError as error:
        raise _ItemError(str(error), "/".join([error.nearest, *steps])) from None
    # `5/20` runs from 5 to the end of the field; `5-30/20` ends at 30.
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
    low, high = (_end(ends, i, bounds) for i in (0, len(ends) - 1))
    if low > high:
        raise _ItemError(
            f"expected a range from low to high, found {span!r}, which runs backwards",
            f"{ends[1]}-{ends[0]}",
        )
    return False, low, high


def _end(ends: list[str], index: int, bounds: _Bounds) -> int:
    try:
        return _value(ends[index], bounds)
    except _ItemError as error:
        # `5-7` as Friday to Sunday: here Sunday is 0, so the range has to be split.
        if index and _is_sunday(_integer(ends[index]), bounds):
            raise _ItemError(str(error), f"0,{ends[0]}-6") from None
        if index and error.nearest == "*":
            raise _ItemError(str(error), ends[0]) from None
        near = [error.nearest if i == index else end for i, end in enumerate(ends)]
        raise _ItemError(str(error), "*" if "*" in near else "-".join(near)) from None


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
    begins = re.match(r"[0-9]{1,9}", text)
    if begins:
        return str(max(bounds.low, min(int(begins[0]), bounds.high)))
    return text[:3] if text[:3] in bounds.words else "*"


def _remark(text: str, bounds: _Bounds) -> str:
    if _is_sunday(_integer(text), bounds):
        return "; Sunday is 0"
    return "; Kubernetes does not know L, W and #" if re.search(r"[lw#]", text) else ""


def _is_sunday(value: int | None, bounds: _Bounds) -> bool:
    return value == 7 and bounds.high == 6


def _integer(text: str) -> int | None:
    """Parse a number as Go's `strconv.Atoi` does, but no negative one."""
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is not None and number <= _MAX_INT else None


def _bits(low: int, high: int, step: int) -> int:
    if step == 1:
        return (1 << high + 1) - (1 << low)
    return sum(1 << number for number in range(low, high + 1, step))
