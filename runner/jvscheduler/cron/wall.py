"""The next time by a wall clock that never changes: pure arithmetic on the fields' bits."""

from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final, Protocol

YEARS_AHEAD: Final = 8
"""A 29 February may be eight years after another, across a century's end."""
_DAY: Final = timedelta(days=1)


class Allowed(Protocol):
    """What a search asks of a cron schedule: bit n says that n is allowed."""

    @property
    def minutes(self) -> int: ...
    @property
    def hours(self) -> int: ...
    @property
    def months(self) -> int: ...
    def allows_day(self, day: int, weekday: int) -> bool: ...


def next_wall_time(cron: Allowed, after: datetime) -> datetime | None:
    """The first naive time above a naive one; None: not within eight years."""
    today = after.date()
    if _allows(cron, today) and (time := _next_in_day(cron, after.hour, after.minute)) is not None:
        return datetime.combine(today, time)
    day = _next_day(cron, today)
    first = time_of_day(_lowest(cron.hours), _lowest(cron.minutes))
    return None if day is None else datetime.combine(day, first)


def _next_day(cron: Allowed, today: date) -> date | None:
    last, day = today.year + YEARS_AHEAD, today + _DAY
    while day.year <= last:
        if not cron.months >> day.month & 1:
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        elif _allows(cron, day):
            return day
        else:
            day += _DAY
    return None


def _allows(cron: Allowed, day: date) -> bool:
    return bool(cron.months >> day.month & 1) and cron.allows_day(day.day, day.isoweekday() % 7)


def _next_in_day(cron: Allowed, hour: int, minute: int) -> time_of_day | None:
    if cron.hours >> hour & 1 and (later := cron.minutes >> minute + 1):
        return time_of_day(hour, minute + 1 + _lowest(later))
    if later := cron.hours >> hour + 1:
        return time_of_day(hour + 1 + _lowest(later), _lowest(cron.minutes))
    return None


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
