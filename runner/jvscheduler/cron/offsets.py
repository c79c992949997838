"""A zone's offset from UTC in seconds: at an instant, and over days without a clock change."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

SPAN_DAYS: Final = 4
"""No zone changes its clock and changes it back within so many days. A test checks all zones."""
_SPAN: Final = timedelta(days=SPAN_DAYS)
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


def offset_at(zone: tzinfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta(0)
    return offset.days * 86400 + offset.seconds


def steady_offset(zone: tzinfo, first: int, last: int) -> int | None:
    """Return the offset that holds from 2 days before `first` to 2 days after `last`.

    Both are days since the epoch. None when the offset changes in that time.
    """
    # The zone is asked by wall time, which is much faster than by instant. The two differ by less
    # than the two extra days on each side.
    wall = datetime.fromordinal(EPOCH_ORDINAL + first - 2)
    end = datetime.fromordinal(EPOCH_ORDINAL + last + 2)
    offset = zone.utcoffset(wall)
    while wall < end:
        wall += _SPAN
        if zone.utcoffset(wall) != offset:
            return None
    return offset.days * 86400 + offset.seconds if offset is not None else None
