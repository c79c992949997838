"""A zone's offset from UTC, in seconds: at an instant, and over days in which no clock changes."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

SPAN_DAYS: Final = 4
"""No zone changes its clock and changes it back within so many days; a test looks at all."""
_SPAN: Final = timedelta(days=SPAN_DAYS)
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


def offset_at(zone: tzinfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta(0)
    return offset.days * 86400 + offset.seconds


def steady_offset(zone: tzinfo, first: int, last: int) -> int | None:
    """The one offset from two days before a day to two days after another, both since the epoch.

    None where there are several. It is asked by the time on the wall, which is
    much quicker than by the instant.
    """
    wall = datetime.fromordinal(EPOCH_ORDINAL + first - 2)
    end = datetime.fromordinal(EPOCH_ORDINAL + last + 2)
    offset = zone.utcoffset(wall)
    while wall < end:
        wall += _SPAN
        if zone.utcoffset(wall) != offset:
            return None
    return offset.days * 86400 + offset.seconds if offset is not None else None
