"""The next due time by a wall clock that never changes: arithmetic on the fields' bits."""

from datetime import date, datetime
from typing import Final, Protocol

YEARS_AHEAD: Final = 8
"""From 29 February 2096 to the next one, in 2104, eight years pass: 2100 is no leap year."""
_LENGTHS: Final = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EACH_WEEK: Final = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28


class Allowed(Protocol):
    """The part of `Cron` that a search needs. In each field, bit n is set when n is allowed."""

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
    """Return the first due time after a naive one; None when there is none in 8 years."""
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
    """Return the days of a month that both day fields together allow: bit n is day n."""
    first = date(year, month, 1).isoweekday() % 7
    # Rotate the week so that bit 0 is the weekday of the 1st, then repeat it five times.
    week = (cron.weekdays >> first | cron.weekdays << 7 - first) & 0x7F
    by_week = week * _EACH_WEEK << 1
    days = cron.days | by_week if cron.either_day else cron.days & by_week
    return days & (2 << month_length(year, month)) - 2


def month_length(year: int, month: int) -> int:
    leaps = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _LENGTHS[month] + leaps


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
