"""Patterns by which the API server checks texts of a spec at admission.

A pattern accepts every text that the parser accepts, and some more: checks that
need arithmetic, such as a range that runs backwards or 31 February, are left to
the parser. So a text that a pattern refuses could never be used. A text that
only the parser refuses is reported by the operator, as `Accepted=False`.

The engines of Python, Go (RE2) and Rust read these patterns alike.
"""

from typing import Final

from jvscheduler.cron import MONTHS, SYNONYMS, WEEKDAYS
from jvscheduler.schedules.phrases import WEEKDAYS as WEEKDAY_NAMES
from jvscheduler.tasks import ENTRYPOINT_PATTERN, EXCEPTION_PATTERN, TASK_ID_PATTERN
from jvscheduler.zones import NAME_PATTERN, OF_THE_MACHINE

_SPACE: Final = r"\s+"


def _any(*choices: str) -> str:
    return f"(?:{'|'.join(choices)})"


def _words(*words: str) -> str:
    return _SPACE.join(words)


def _optional(*words: str) -> str:
    return f"(?:{_SPACE}{_words(*words)})?"


def _divisors(of: int) -> str:
    return f"0*{_any(*(str(n) for n in range(1, of + 1) if of % n == 0))}"


def _cron_field(value: str, *, spread: bool = False) -> str:
    # As robfig's parser reads them: `+5` and `05` are numbers, `*-5` is `*`, and empty items of a
    # list are ignored. A stricter pattern would refuse schedules that a CronJob accepts.
    number = rf"\+?0*{value}"
    span = rf"(?:[*?](?:-[^\s,/]*)?|{number}(?:-{number})?)"
    if spread:
        span = rf"(?:{span}|h(?:\(0*{value}-0*{value}\))?)"
    item = rf"{span}(?:/\+?0*[1-9][0-9]*)?"
    return rf"(?:,+|,*{item}(?:,+{item})*,*)"


def _named(number: str, names: tuple[str, ...]) -> str:
    return _any(number, *names)


_TIME: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_DAY: Final = _any(*(f"{name[:3]}(?:{name[3:]})?" for name in WEEKDAY_NAMES))
_AND: Final = rf"(?:\s*,\s*(?:and{_SPACE})?|{_SPACE}and{_SPACE})"
_AT: Final = _optional("at", f"{_TIME}(?:{_AND}{_TIME})*")
_MINUTE: Final = ":[0-5][0-9]"
_AT_MINUTE: Final = _optional("at", f"{_MINUTE}(?:{_AND}{_MINUTE})*")

_EVERY: Final = _any(
    "minute",
    f"hour{_AT_MINUTE}",
    f"(?:day|weekday){_AT}",
    "week",
    f"{_DAY}(?:{_AND}{_DAY})*{_AT}",
    f"{_divisors(60)}{_SPACE}minutes?",
    f"{_divisors(24)}{_SPACE}hours?",
    f"0*1{_SPACE}(?:hours?{_AT_MINUTE}|days?{_AT}|weeks?)",
)
_COUNT: Final = "0*[1-9][0-9]{0,8}"
_INTERVAL: Final = _any(
    "second",
    rf"{_COUNT}(?:{_SPACE}to{_SPACE}{_COUNT})?{_SPACE}(?:second|minute|hour|day|week)s?",
)
_CRON: Final = _words(
    _cron_field("[0-5]?[0-9]", spread=True),
    _cron_field("(?:1?[0-9]|2[0-3])", spread=True),
    _cron_field("(?:[1-9]|[12][0-9]|3[01])"),
    _cron_field(_named("(?:[1-9]|1[0-2])", MONTHS)),
    _cron_field(_named("[0-6]", WEEKDAYS)),
)
_WALL_CLOCK: Final = _any(
    f"every{_SPACE}{_EVERY}",
    f"hourly{_AT_MINUTE}",
    f"daily{_AT}",
    f"weekly{_optional('on', _DAY)}{_AT}",
    f"monthly{_optional('on', '0*(?:[1-9]|[12][0-9]|3[01])')}{_AT}",
    _any(*SYNONYMS),
    _CRON,
)

WALL_CLOCK: Final = rf"(?i)^\s*{_WALL_CLOCK}\s*$"
"""Schedules in wall-clock time, which a clock change affects: all but intervals."""
SCHEDULE: Final = rf"(?i)^\s*{_any(_WALL_CLOCK, f'every{_SPACE}{_INTERVAL}')}\s*$"
TIME_ZONE: Final = f"^{NAME_PATTERN}$"
MACHINE_ZONE: Final = f"(?i)^{_any(*OF_THE_MACHINE)}(?:/|$)"
TASK_ID: Final = f"^{TASK_ID_PATTERN}$"
EXCEPTION: Final = f"^{EXCEPTION_PATTERN}$"
ENTRYPOINT: Final = f"^{ENTRYPOINT_PATTERN}$"
_HOST: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_NAME: Final = r"[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+)*"
MAX_IMAGE: Final = 1024
IMAGE: Final = (
    rf"^(?:{_HOST}/)?{_NAME}(?:/{_NAME})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9.+_-]*:[0-9A-Fa-f]{32,})?$"
)
"""As container runtimes read it: `registry.example:5000/team/shop:1@sha256:…`, no URL."""
IMAGE_MESSAGE: Final = (
    "must be an image such as registry.example/team/shop:1.2: a name in lower case, at most one "
    "tag and one digest, no spaces"
)
