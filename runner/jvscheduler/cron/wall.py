"""The next time by a wall clock that never changes: pure arithmetic on the fields' bits."""

from datetime import date, datetime
from typing import Final, Protocol

YEARS_AHEAD: Final = 8
"""A 29 February may be eight years after another, across a century's end."""
_LENGTHS: Final = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EACH_WEEK: Final = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28


class Allowed(Protocol):
    """What a search asks of a cron schedule: bit n says that n is allowed."""

    @property
    def minutes(self) -> int: ...
    @property
    def hours(self) -> int: ...
    @property
    def days(self) -> int: ...
    @property
    def months(self) -> int: ...
    @property
    def weekdays(self) -> int: ...
    @property
    def either_day(self) -> bool: ...
    def allows_day(self, day: int, weekday: int) -> bool: ...


def next_wall_time(cron: Allowed, after: datetime) -> datetime | None:
    """The first naive time above a naive one; None: not within eight years."""
    year, month, day = after.year, after.month, after.day
    days = allowed_days(cron, year, month) if cron.months >> month & 1 else 0
    if days >> day & 1:
        hour, minute = after.hour, after.minute
        if cron.hours >> hour & 1 and (later := cron.minutes >> minute + 1):
            return datetime(year, month, day, hour, minute + 1 + _lowest(later))  # noqa: DTZ001
        if later := cron.hours >> hour + 1:
            return _first_of_day(cron, year, month, day, hour + 1 + _lowest(later))
    if later := days >> day + 1:
        return _first_of_day(cron, year, month, day + 1 + _lowest(later))
    return _in_later_month(cron, year, month)


def _in_later_month(cron: Allowed, year: int, month: int) -> datetime | None:
    last = year + YEARS_AHEAD
    while True:
        if later := cron.months >> month + 1:
            month += 1 + _lowest(later)
        else:
            year, month = year + 1, _lowest(cron.months)
        if year > last:
            return None
        if days := allowed_days(cron, year, month):
            return _first_of_day(cron, year, month, _lowest(days))


def _first_of_day(
    cron: Allowed, year: int, month: int, day: int, hour: int | None = None
) -> datetime:
    hour = _lowest(cron.hours) if hour is None else hour
    return datetime(year, month, day, hour, _lowest(cron.minutes))  # noqa: DTZ001


def allowed_days(cron: Allowed, year: int, month: int) -> int:
    """The allowed days of a month, bit n for day n."""
    first = date(year, month, 1).isoweekday() % 7
    week = (cron.weekdays >> first | cron.weekdays << 7 - first) & 0x7F
    by_week = week * _EACH_WEEK << 1
    days = cron.days | by_week if cron.either_day else cron.days & by_week
    return days & (2 << month_length(year, month)) - 2


def month_length(year: int, month: int) -> int:
    leaps = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _LENGTHS[month] + leaps


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
