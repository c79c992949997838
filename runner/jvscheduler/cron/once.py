"""The policy `dst="once"`: each of a day's times has one run, whatever the clocks do.

A time that occurs twice is due at its first occurrence; one that is skipped is
due at the first instant after it, when the clock has jumped, and several that
are skipped together have one run there. A day that a zone has skipped as a
whole is no calendar day there and has none.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from jvscheduler.cron.wall import Allowed, next_wall_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR: Final = 9980


def next_once(cron: Allowed, zone: tzinfo, after: datetime) -> datetime | None:
    """The first due instant above `after`, aware UTC."""
    if after.year > _LAST_YEAR:
        return None
    wall: datetime | None = after.astimezone(zone).replace(tzinfo=None)
    while wall is not None:
        wall = next_wall_time(cron, wall)
        if wall is not None and _day_exists(wall, zone):
            instant = first_instant(wall, zone)
            if instant > after:
                return instant
    return None


def first_instant(wall: datetime, zone: tzinfo) -> datetime:
    """When the zone's clock first shows a naive time, or a later one where it is skipped."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
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
