"""How old is old: the rule of pruning as users write it, on the command line and in variables."""

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
    """Ended jobs go when they began `older_than` ago; each task keeps its last ones."""

    older_than: timedelta
    keep_last: int

    def before(self, now: datetime) -> datetime:
        try:
            return now.astimezone(UTC) - self.older_than
        except OverflowError as error:
            raise InvalidSettings("the age reaches back beyond the year 1") from error


def parse_age(text: str) -> timedelta:
    found = _AGE.fullmatch(text)
    if found is None:
        raise InvalidSettings(
            f"expected a number and m, h, d or w (minutes, hours, days, weeks), got {text!r}"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def parse_number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise InvalidSettings(f"expected a number of jobs, 0 or more, got {text!r}")
    return int(text)
