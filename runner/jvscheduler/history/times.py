"""Times as they are stored: UTC ISO text of one width, with microseconds and `+00:00`.

In this form texts sort as their times do, in every collation of a database. A time without a
zone is local time, as `datetime.now()` gives it.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer


def as_utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def to_text(time: datetime) -> str:
    return as_utc(time).isoformat(timespec="microseconds")


def from_timestamp(seconds: float) -> datetime:
    """Raises ValueError or OverflowError for an instant outside the years 1 to 9999."""
    return datetime.fromtimestamp(seconds, UTC)


def _checked(time: datetime) -> datetime:
    """Raises ValueError for a time that has no form in UTC: the years 1 and 9999 have some."""
    try:
        return as_utc(time)
    except OverflowError as error:
        raise ValueError("this time lies outside of the calendar") from error


Time = Annotated[datetime, AfterValidator(_checked), PlainSerializer(to_text, return_type=str)]
"""The type of a time in an entity: aware and UTC, stored as above."""
