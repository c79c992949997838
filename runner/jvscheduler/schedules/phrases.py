"""The phrases of the grammar and the cron text that each one means.

`every N minutes` is `*/N` only where N divides the hour: `*/7` is due twice
within four minutes at each full hour, which nobody means who says "every 7
minutes". The same holds for hours and the day. Such an interval, seconds and
random intervals need the runner loop, so they are recognised and refused.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules.nearest import nearest_interval
from jvscheduler.schedules.words import Words

Phrase = tuple[str, str]
"""Canonical text and cron text."""

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONDAY_FIRST: Final = (1, 2, 3, 4, 5, 6, 0)
_WEEKDAY_NUMBERS: Final[Mapping[str, int]] = MappingProxyType(
    {name[:length]: i for i, name in enumerate(WEEKDAYS) for length in (3, len(name))}
)
_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
)
_SINGULAR: Final[Mapping[str, str]] = MappingProxyType(
    {form: unit for unit in _UNITS for form in (unit, f"{unit}s")}
)
_MIDNIGHT: Final = "0 0"


def parse_phrase(text: str) -> Phrase:
    """A text whose first word is one of KEYWORDS; raises InvalidSchedule."""
    words = Words(text)
    phrase = _READERS[words.take()](words)
    words.end()
    return phrase


def _daily(words: Words) -> Phrase:
    at, time = _at(words)
    return f"daily{at}", f"{time} * * *"


def _weekly(words: Words) -> Phrase:
    on, number = "", 0
    if words.accept("on"):
        number = _weekday(words)
        on = f" on {WEEKDAYS[number]}"
    at, time = _at(words)
    return f"weekly{on}{at}", f"{time} * * {number}"


def _monthly(words: Words) -> Phrase:
    on, day = "", 1
    if words.accept("on"):
        day = words.number("a day from 1 to 31", 1, 31)
        on = f" on {day}"
    at, time = _at(words)
    return f"monthly{on}{at}", f"{time} {day} * *"


def _hourly(words: Words) -> Phrase:
    at, minute = _at_minute(words)
    return f"hourly{at}", f"{minute} * * * *"


def _every(words: Words) -> Phrase:
    word = words.peek
    if word.isdigit():
        return _interval(words)
    if word in _WEEKDAY_NUMBERS:
        return _weekdays(words)
    if word not in _EVERY:
        raise words.unexpected("a number, minute, hour, day, week, weekday or a day of the week")
    return _EVERY[words.take()](words)


def _every_hour(words: Words) -> Phrase:
    at, minute = _at_minute(words)
    return f"every hour{at}", f"{minute} * * * *"


def _every_day(words: Words) -> Phrase:
    at, time = _at(words)
    return f"every day{at}", f"{time} * * *"


def _every_weekday(words: Words) -> Phrase:
    at, time = _at(words)
    return f"every weekday{at}", f"{time} * * 1-5"


def _weekdays(words: Words) -> Phrase:
    chosen = {_weekday(words)}
    while words.accept(",") or words.peek == "and":
        words.accept("and")
        chosen.add(_weekday(words))
    at, time = _at(words)
    names = [WEEKDAYS[number] for number in _MONDAY_FIRST if number in chosen]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
    return f"every {listed}{at}", f"{time} * * {','.join(map(str, sorted(chosen)))}"


def _interval(words: Words) -> Phrase:
    low = words.number("a number of 1 or more", 1)
    high = words.number(f"a number above {low}", low + 1) if words.accept("to") else low
    unit = _unit(words)
    if low == high == 1 and unit != "second":
        return _EVERY[unit](words)
    cron = _exact_cron(low, unit) if low == high else None
    if cron is None:
        raise _needs_loop(words.text, (low + high) * _UNITS[unit] // 2)
    return f"every {low} {unit}s", cron


def _exact_cron(count: int, unit: str) -> str | None:
    if unit == "minute" and 60 % count == 0:
        return "0 * * * *" if count == 60 else f"*/{count} * * * *"
    if unit == "hour" and 24 % count == 0:
        return f"{_MIDNIGHT} * * *" if count == 24 else f"0 */{count} * * *"
    return None


def _needs_loop(text: str, seconds: int) -> InvalidSchedule:
    return InvalidSchedule(
        f"{text!r} needs the runner loop, which this version does not have yet; "
        f"nearest form that a CronJob carries: {nearest_interval(seconds)!r}"
    )


def _unit(words: Words) -> str:
    if words.peek not in _SINGULAR:
        raise words.unexpected("seconds, minutes, hours, days or weeks")
    return _SINGULAR[words.take()]


def _weekday(words: Words) -> int:
    if words.peek not in _WEEKDAY_NUMBERS:
        raise words.unexpected("a day of the week such as monday")
    return _WEEKDAY_NUMBERS[words.take()]


def _at(words: Words) -> Phrase:
    """`at HH:MM`, or midnight: its canonical text and the first two cron fields."""
    if not words.accept("at"):
        return "", _MIDNIGHT
    hour, minute = words.time()
    return f" at {hour:02}:{minute:02}", f"{minute} {hour}"


def _at_minute(words: Words) -> tuple[str, int]:
    if not words.accept("at"):
        return "", 0
    minute = words.minute()
    return f" at :{minute:02}", minute


def _needs_seconds(words: Words) -> Phrase:
    raise _needs_loop(words.text, 1)


_EVERY: Final[Mapping[str, Callable[[Words], Phrase]]] = MappingProxyType(
    {
        "second": _needs_seconds,
        "minute": lambda _: ("every minute", "* * * * *"),
        "hour": _every_hour,
        "day": _every_day,
        "week": lambda _: ("every week", f"{_MIDNIGHT} * * 0"),
        "weekday": _every_weekday,
    }
)
_READERS: Final[Mapping[str, Callable[[Words], Phrase]]] = MappingProxyType(
    {
        "every": _every,
        "hourly": _hourly,
        "daily": _daily,
        "weekly": _weekly,
        "monthly": _monthly,
    }
)
KEYWORDS: Final = tuple(_READERS)
