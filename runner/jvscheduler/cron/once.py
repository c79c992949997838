"""The policy `dst="once"`: each time of a calendar day is due once, also where the clock changes.

- A time that occurs twice is due at its first occurrence.
- A time that is skipped is due when the clock has jumped. Several times that are skipped together
  are due together, as one instant.
- A day that a zone has skipped as a whole is no calendar day there. Nothing is due on it.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from jvscheduler.cron.wall import Allowed, next_wall_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR: Final = 9980
"""Nothing is due later, so that no date exceeds Python's last year, 9999."""


def next_once(cron: Allowed, zone: tzinfo, after: datetime) -> datetime | None:
    """Return the first due instant after `after`, in UTC; None when there is none in 8 years."""
    if after.year > _LAST_YEAR:
        return None
    wall: datetime | None = after.astimezone(zone).replace(tzinfo=None)
    while wall is not None:
        wall = next_wall_time(cron, wall)
        if wall is not None and _day_exists(wall, zone):
            instant = first_instant(wall, zone)
            # When `after` is in an hour that occurs twice, later wall times may have occurred
            # already.
            if instant > after:
                return instant
    return None


def first_instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return when the zone's clock first shows this naive time, or a later one if it is skipped."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # The time is skipped. Search for the second in which the clock jumps over it.
    before, after = _unix(wall.replace(tzinfo=zone, fold=1)), _unix(instant)
    while after - before > 1:
        middle = (before + after) // 2
        shown = datetime.fromtimestamp(middle, zone).replace(tzinfo=None)
        before, after = (before, middle) if shown >= wall else (middle, after)
    return datetime.fromtimestamp(after, UTC)


def _day_exists(wall: datetime, zone: tzinfo) -> bool:
    start = wall.replace(hour=0, minute=0)
    return first_instant(start, zone) != first_instant(start + timedelta(days=1), zone)


def _unix(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)
