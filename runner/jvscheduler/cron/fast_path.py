"""A fast way to the next due instant: plain arithmetic, wherever no clock change is near.

The search of `search` goes forward in steps, as robfig's does. Arithmetic on the wall clock finds
the same instant, unless a clock change is near one of the points at which the search stops:

- the midnights of the days that it goes through,
- the first midnights of the months that it passes over,
- the hours of the first and of the last day.

Here a midnight is called regular when it occurs once, and no change is so near that the search
could take the wrong offset for it. If a midnight on the way is not regular, `next_by_arithmetic`
returns None and the caller runs the search.

Offsets are looked up once and cached, for spans of four days. A span is judged by the offsets at
its ends, because no zone changes its clock and changes it back within one.
"""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Final

from jvscheduler.cron.offsets import EPOCH_ORDINAL, SPAN_DAYS, offset_at, steady_offset
from jvscheduler.cron.wall import Allowed, next_wall_time

_DAY: Final = 86400
_SPAN: Final = SPAN_DAYS * _DAY
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - by the wall clock of any zone
_EPOCH_UTC: Final = _EPOCH.replace(tzinfo=UTC)
_MOST_MOVED: Final = 4 * 3600
"""Seconds. A clock is moved by more only where a whole day is skipped or occurs twice."""
_FIRST: Final = -70 * 365 * 86400
"""About the year 1900, in Unix seconds. Earlier instants are left to the search."""
_LAST: Final = 8000 * 365 * 86400
"""About the year 9964. Later ones are left to the search, which ends before Python's last year."""


def next_by_arithmetic(cron: Allowed, zone: tzinfo, after: int) -> int | None:
    """Return the first due instant after `after`, both in Unix seconds; None: use the search."""
    if not _FIRST < after < _LAST:
        return None
    local = datetime.fromtimestamp(after, zone).replace(tzinfo=None)
    wall = next_wall_time(cron, local)
    if wall is None:
        return None
    end = _unix(wall)
    if getattr(zone, "key", "") == "UTC":  # its clock never changes
        return end
    if _unix(local) // _DAY == end // _DAY:
        offset = _offset_throughout(zone, after - _DAY, end + _DAY)
    else:
        offset = _offset_on_later_day(cron, zone, _unix(local) - after, local, wall)
    return None if offset is None else end - offset


def _offset_on_later_day(
    cron: Allowed, zone: tzinfo, now: int, local: datetime, wall: datetime
) -> int | None:
    """Return the offset at `wall`; None when a midnight before it is irregular.

    `now` is the offset at `local`.
    """
    end = _unix(wall)
    first, last = _unix(local) // _DAY, end // _DAY
    if _midnight_offset(zone, first) != now or _midnight_offset(zone, first + 1) != now:
        return None  # the clock changes on the first day
    if not _stops_are_regular(cron, zone, (first, _month(local)), (last, _month(wall))):
        return None
    offset = _midnight_offset(zone, last)
    return offset if offset is not None and offset_at(zone, end - offset) == offset else None


def _stops_are_regular(
    cron: Allowed, zone: tzinfo, first: tuple[int, int], last: tuple[int, int]
) -> bool:
    """True when all midnights are regular at which the search stops between two days.

    Each day is given with its month.
    """
    (day, month), (last_day, last_month) = first, last
    if month == last_month:
        return _days_are_regular(zone, day, last_day)
    if _is_allowed(cron.months, month):
        if not _days_are_regular(zone, day, _first_day(month + 1)):
            return False
        month += 1
    while month < last_month:
        # A whole year is looked up at once: a search for 29 February passes many months.
        whole_year = month % 12 == 0 and month + 12 <= last_month
        if not (_year_is_regular if whole_year else _visited_are_regular)(zone, cron.months, month):
            return False
        month += 12 if whole_year else 1
    return _days_are_regular(zone, _first_day(last_month), last_day)


@lru_cache(maxsize=1 << 14)
def _year_is_regular(zone: tzinfo, months: int, january: int) -> bool:
    return all(_visited_are_regular(zone, months, month) for month in range(january, january + 12))


def _visited_are_regular(zone: tzinfo, months: int, month: int) -> bool:
    """True when all midnights are regular that the search visits in this month."""
    # It goes through all days of an allowed month. Of another month it only sees the first.
    return (_month_is_regular if _is_allowed(months, month) else _start_is_regular)(zone, month)


@lru_cache(maxsize=1 << 14)
def _start_is_regular(zone: tzinfo, month: int) -> bool:
    return _midnight_offset(zone, _first_day(month)) is not None


@lru_cache(maxsize=1 << 14)
def _month_is_regular(zone: tzinfo, month: int) -> bool:
    return _days_are_regular(zone, _first_day(month), _first_day(month + 1))


def _days_are_regular(zone: tzinfo, first: int, last: int) -> bool:
    if steady_offset(zone, first, last) is not None:
        return True
    for span in range(first // SPAN_DAYS, last // SPAN_DAYS + 1):
        if not _span_is_regular(zone, span):
            return False
    return True


@lru_cache(maxsize=1 << 16)
def _span_is_regular(zone: tzinfo, span: int) -> bool:
    days = range(span * SPAN_DAYS, (span + 1) * SPAN_DAYS)
    offset = _offset_throughout(zone, days[0] * _DAY - _DAY, days[-1] * _DAY + _DAY)
    return offset is not None or all(_midnight_offset(zone, day) is not None for day in days)


@lru_cache(maxsize=1 << 16)
def _midnight_offset(zone: tzinfo, day: int) -> int | None:
    """Return the offset at the start of a day since the epoch; None when it is irregular."""
    steady = steady_offset(zone, day, day)
    if steady is not None:
        return steady
    midnight = day * _DAY
    before, after = offset_at(zone, midnight - 2 * _DAY), offset_at(zone, midnight + 2 * _DAY)
    moved = abs(after - before)
    # The midnight is regular when the change comes later, or came earlier, by more than the clock
    # is moved.
    if moved < _MOST_MOVED and offset_at(zone, midnight - before + moved) == before:
        return before
    if moved < _MOST_MOVED and offset_at(zone, midnight - after - moved - 1) == after:
        return after
    return None


def _offset_throughout(zone: tzinfo, start: int, end: int) -> int | None:
    """Return the offset that holds in all spans from start to end; None when it changes."""
    first = start // _SPAN
    offset = _span_offset(zone, first)
    for span in range(first + 1, end // _SPAN + 1):
        if _span_offset(zone, span) != offset:
            return None
    return offset


@lru_cache(maxsize=1 << 16)
def _span_offset(zone: tzinfo, span: int) -> int | None:
    """Return the offset that holds throughout a span; None when it changes."""
    offset = offset_at(zone, span * _SPAN)
    return offset if offset == offset_at(zone, (span + 1) * _SPAN) else None


def _is_allowed(months: int, month: int) -> bool:
    return bool(months >> month % 12 + 1 & 1)


def _month(wall: datetime) -> int:
    """Return the number of the month since the year 0."""
    return wall.year * 12 + wall.month - 1


def _first_day(month: int) -> int:
    return date(month // 12, month % 12 + 1, 1).toordinal() - EPOCH_ORDINAL


def _unix(wall: datetime) -> int:
    since = wall - _EPOCH
    return since.days * _DAY + since.seconds


def epoch_seconds(instant: datetime) -> int:
    """Return the Unix seconds of an aware instant, rounded down."""
    since = instant - _EPOCH_UTC
    return since.days * _DAY + since.seconds
