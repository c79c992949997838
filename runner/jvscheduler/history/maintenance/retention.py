"""How long jobs are kept, as users write it: on the command line and in variables."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.errors import InvalidSettings

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)

DEFAULT_AGE: Final = "30d"
DEFAULT_KEPT: Final = "20"


@dataclass(frozen=True)
class Retention:
    """A job may be deleted when it has ended, is old, and is not among its task's last jobs."""

    older_than: timedelta
    """The age, counted from the job's start."""
    keep_last: int
    """How many jobs of each task are kept, however old."""

    def before(self, now: datetime) -> datetime:
        """The time before which a job is old."""
        try:
            return now.astimezone(UTC) - self.older_than
        except OverflowError as error:
            raise InvalidSettings("the age reaches back beyond the year 1") from error


def parse_age(text: str) -> timedelta:
    match = _AGE.fullmatch(text)
    if match is None:
        raise InvalidSettings(
            f"expected a number and m, h, d or w (minutes, hours, days, weeks), got {text!r}"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def parse_number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidSettings(f"expected a number of jobs, 0 or more, got {text!r}")
    return int(text)
