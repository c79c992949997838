"""A schedule and its instants.

Parsing is the only way to make one, so a Schedule that exists is valid, and
its text is canonical: lower case, single spaces, times with two digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from jvscheduler.cron import SYNONYMS, Cron, parse_cron
from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules.nearest import nearest_cron, nearest_form, nearest_interval
from jvscheduler.schedules.phrases import KEYWORDS, parse_phrase
from jvscheduler.zones import zone

MAX_TEXT: Final = 512
"""Characters; the longest useful cron text lists every minute and is shorter."""

_ALLOWED: Final = re.compile(r"[ -~\t\n\r]*")
_CRON_START: Final = re.compile(r"[0-9*?,+]")
_TIME_ZONE_PREFIX: Final = re.compile(r"(?:cron_)?tz=(\S*) (.+)")
_GO_DURATION: Final = re.compile(r"@every ([0-9]{1,9})(s|m|h)")
_GO_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Schedule:
    """Equal when text, time zone and seed are; made by `parse_schedule`."""

    text: str
    time_zone: str
    seed: str
    """What a random interval draws from; the other forms do not use it."""
    cron: str | None
    """The five fields of a CronJob that is due at the same instants."""
    _fields: Cron = field(repr=False, compare=False)
    _zone: ZoneInfo = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    def next(self, after: datetime) -> datetime | None:
        """The first due instant strictly after an aware one, in UTC.

        None only near the calendar's end.
        """
        if after.tzinfo is None:
            raise ValueError(f"after must be aware, got {after.isoformat()}")
        return self._fields.next(after, self._zone)

    def between(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The due instants in (start, end], in order."""
        instant = self.next(start)
        while instant is not None and instant <= end:
            yield instant
            instant = self.next(instant)


def parse_schedule(text: str, time_zone: str = "UTC", seed: str = "") -> Schedule:
    """Raises InvalidSchedule; its message names the position, what was expected and a remedy."""
    if not isinstance(text, str):
        raise InvalidSchedule(f"schedule must be text such as 'daily at 14:30', got {text!r}")
    tz = zone(time_zone)
    try:
        canonical, cron, fields = _read(text)
    except InvalidSchedule as error:
        raise InvalidSchedule(f"schedule {_shown(text)}: {error}") from None
    return Schedule(canonical, time_zone, seed, cron, fields, tz)


@lru_cache(maxsize=4096)  # an application's tasks share few texts
def _read(text: str) -> tuple[str, str, Cron]:
    """The canonical text, its cron text and what that means."""
    _check_characters(text)
    words = text.lower().split()
    joined = " ".join(words)
    if not words:
        raise InvalidSchedule("is empty; expected for example 'daily at 14:30' or '*/5 * * * *'")
    if joined in SYNONYMS:
        return joined, SYNONYMS[joined], parse_cron(SYNONYMS[joined])
    if words[0] in KEYWORDS:
        canonical, cron = parse_phrase(text)
        return canonical, cron, parse_cron(cron)
    _refuse_extensions(joined)
    if len(words) < 5 and not _CRON_START.match(joined):
        raise InvalidSchedule(
            f"at position {len(text) - len(text.lstrip()) + 1}: expected one of "
            f"{', '.join(KEYWORDS)}, or five cron fields, found {words[0]!r}"
            f"; nearest form: {nearest_form(joined)!r}"
        )
    return joined, joined, _cron(text, joined)


def _cron(text: str, joined: str) -> Cron:
    try:
        return parse_cron(text.lower())
    except InvalidSchedule as error:
        near = nearest_cron(joined)
        raise InvalidSchedule(f"{error}; nearest: {near!r}" if near else str(error)) from None


def _check_characters(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise InvalidSchedule(f"has {len(text)} characters; expected at most {MAX_TEXT}")
    good = _ALLOWED.match(text)
    if good is not None and good.end() < len(text):
        position = good.end()
        raise InvalidSchedule(
            f"at position {position + 1}: expected plain ASCII text, found {text[position]!r}"
        )


def _refuse_extensions(joined: str) -> None:
    prefixed = _TIME_ZONE_PREFIX.fullmatch(joined)
    if prefixed or joined.startswith(("tz=", "cron_tz=")):
        rest = f" and schedule {prefixed[2]!r}" if prefixed else ""
        raise InvalidSchedule(
            f"at position 1: the time zone has a field of its own; expected time_zone{rest}"
        )
    if joined.startswith("@"):
        duration = _GO_DURATION.fullmatch(joined)
        near = (
            nearest_interval(int(duration[1]) * _GO_UNITS[duration[2]])
            if duration
            else nearest_form(joined)
        )
        raise InvalidSchedule(
            f"at position 1: expected one of {', '.join(SYNONYMS)}, "
            f"found {joined!r}; nearest form: {near!r}"
        )


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:77]!r}…"
