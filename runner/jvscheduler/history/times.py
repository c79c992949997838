"""How times are stored and read: UTC ISO text of one width, with microseconds and `+00:00`.

Only then is the order of the texts the order of the times, in any collation of
the database. A time without a zone is local time, which is what
`datetime.now()` gives.
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
