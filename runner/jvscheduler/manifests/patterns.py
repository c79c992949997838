"""What the API server can tell of a text by itself, as RE2 patterns.

A pattern accepts all that the parser accepts: a text that passes here and not
there is reported by the operator, but one that fails here could never be used.
What needs arithmetic, such as a range that runs backwards or 31 February, is
left to the parser. Python's, Go's and Rust's engines read these alike.
"""

from typing import Final

from jvscheduler.cron import MONTHS, SYNONYMS, WEEKDAYS
from jvscheduler.schedules.phrases import WEEKDAYS as WEEKDAY_NAMES
from jvscheduler.tasks import ENTRYPOINT_PATTERN, TASK_ID_PATTERN
from jvscheduler.zones import NAME_PATTERN, OF_THE_MACHINE

_GAP: Final = r"\s+"


def _any(*choices: str) -> str:
    return f"(?:{'|'.join(choices)})"


def _words(*words: str) -> str:
    return _GAP.join(words)


def _optional(*words: str) -> str:
    return f"(?:{_GAP}{_words(*words)})?"


def _divisors(of: int) -> str:
    return f"0*{_any(*(str(n) for n in range(1, of + 1) if of % n == 0))}"


def _cron_field(value: str) -> str:
    number = rf"\+?0*{value}"
    span = rf"(?:[*?](?:-[^\s,/]*)?|{number}(?:-{number})?)"
    item = rf"{span}(?:/\+?0*[1-9][0-9]*)?"
    return rf"(?:,+|,*{item}(?:,+{item})*,*)"


def _named(number: str, names: tuple[str, ...]) -> str:
    return _any(number, *names)


_TIME: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_AT: Final = _optional("at", _TIME)
_AT_MINUTE: Final = _optional("at", ":[0-5][0-9]")
_DAY: Final = _any(*(f"{name[:3]}(?:{name[3:]})?" for name in WEEKDAY_NAMES))
_AND: Final = rf"(?:\s*,\s*(?:and{_GAP})?|{_GAP}and{_GAP})"

_EVERY: Final = _any(
    "minute",
    f"hour{_AT_MINUTE}",
    f"(?:day|weekday){_AT}",
    "week",
    f"{_DAY}(?:{_AND}{_DAY})*{_AT}",
    f"{_divisors(60)}{_GAP}minutes?",
    f"{_divisors(24)}{_GAP}hours?",
    f"0*1{_GAP}(?:hours?{_AT_MINUTE}|days?{_AT}|weeks?)",
)
_COUNT: Final = "0*[1-9][0-9]{0,8}"
_INTERVAL: Final = _any(
    "second",
    rf"{_COUNT}(?:{_GAP}to{_GAP}{_COUNT})?{_GAP}(?:second|minute|hour|day|week)s?",
)
_CRON: Final = _words(
    _cron_field("[0-5]?[0-9]"),
    _cron_field("(?:1?[0-9]|2[0-3])"),
    _cron_field("(?:[1-9]|[12][0-9]|3[01])"),
    _cron_field(_named("(?:[1-9]|1[0-2])", MONTHS)),
    _cron_field(_named("[0-6]", WEEKDAYS)),
)
_WALL_CLOCK: Final = _any(
    f"every{_GAP}{_EVERY}",
    f"hourly{_AT_MINUTE}",
    f"daily{_AT}",
    f"weekly{_optional('on', _DAY)}{_AT}",
    f"monthly{_optional('on', '0*(?:[1-9]|[12][0-9]|3[01])')}{_AT}",
    _any(*SYNONYMS),
    _CRON,
)

WALL_CLOCK: Final = rf"(?i)^\s*{_WALL_CLOCK}\s*$"
"""What a clock on the wall shows, and so what its changes touch: all but the intervals."""
SCHEDULE: Final = rf"(?i)^\s*{_any(_WALL_CLOCK, f'every{_GAP}{_INTERVAL}')}\s*$"
TIME_ZONE: Final = f"^{NAME_PATTERN}$"
MACHINE_ZONE: Final = f"(?i)^{_any(*OF_THE_MACHINE)}(?:/|$)"
TASK_ID: Final = f"^{TASK_ID_PATTERN}$"
ENTRYPOINT: Final = f"^{ENTRYPOINT_PATTERN}$"
IMAGE: Final = r"^[!-~]+$"
