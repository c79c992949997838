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


Time = Annotated[datetime, AfterValidator(as_utc), PlainSerializer(to_text, return_type=str)]
"""The type of a time in an entity: aware and UTC, stored as above."""
