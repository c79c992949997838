"""The phrases of the grammar, and what each one means: cron text or an interval.

`every N minutes` is `*/N` only when N divides 60. `*/7` is due at minute 56 and again at minute 0,
four minutes later, which nobody means by "every 7 minutes". The same holds for hours and the day.
All other intervals, and those of seconds, have no cron text.

Times of different minutes, such as 09:00 and 17:30, need a cron line for each minute: `0,30 9,17`
would be due at 09:30 too.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import Final, TypeVar

from jvscheduler.schedules.intervals import LONGEST, Interval
from jvscheduler.schedules.words import Words

Meaning = tuple[str, ...] | Interval
"""Cron lines that are due together, or an interval."""
Phrase = tuple[str, Meaning]
"""The canonical text, and its meaning."""

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
_MIDNIGHT: Final = ("0 0",)
_Item = TypeVar("_Item")
_ALMOST_NUMBER: Final = re.compile(r"[^a-z0-9]?([0-9]{1,9})(?:-([0-9]{1,9}))?")


def parse_phrase(text: str) -> Phrase:
    """Parse a text whose first word is one of KEYWORDS. Raises InvalidSchedule."""
    words = Words(text)
    phrase = _READERS[words.take()](words)
    words.end()
    return phrase


def _daily(words: Words) -> Phrase:
    at, times = _at(words)
    return f"daily{at}", _lines(times, "* * *")


def _weekly(words: Words) -> Phrase:
    on, number = "", 0
    if words.accept("on"):
        number = _weekday(words)
        on = f" on {WEEKDAYS[number]}"
    at, times = _at(words)
    return f"weekly{on}{at}", _lines(times, f"* * {number}")


def _monthly(words: Words) -> Phrase:
    on, day = "", 1
    if words.accept("on"):
        day = words.number("a day from 1 to 31", 1, 31)
        on = f" on {day}"
    at, times = _at(words)
    return f"monthly{on}{at}", _lines(times, f"{day} * *")


def _hourly(words: Words) -> Phrase:
    at, minutes = _at_minutes(words)
    return f"hourly{at}", (f"{minutes} * * * *",)


def _every(words: Words) -> Phrase:
    word = words.peek
    if word.isdigit():
        return _interval(words)
    if word in _WEEKDAY_NUMBERS:
        return _weekdays(words)
    if word not in _EVERY:
        near = _number_in(word) or _closest(word, [*_EVERY, *WEEKDAYS])
        raise words.unexpected(
            "a number, second, minute, hour, day, week, weekday or a day of the week", near
        )
    return _EVERY[words.take()](words)


def _every_hour(words: Words) -> Phrase:
    at, minutes = _at_minutes(words)
    return f"every hour{at}", (f"{minutes} * * * *",)


def _every_day(words: Words) -> Phrase:
    at, times = _at(words)
    return f"every day{at}", _lines(times, "* * *")


def _every_weekday(words: Words) -> Phrase:
    at, times = _at(words)
    return f"every weekday{at}", _lines(times, "* * 1-5")


def _weekdays(words: Words) -> Phrase:
    chosen = set(_all(words, partial(_weekday, words)))
    at, times = _at(words)
    names = [WEEKDAYS[number] for number in _MONDAY_FIRST if number in chosen]
    days = ",".join(map(str, sorted(chosen)))
    return f"every {_listed(names)}{at}", _lines(times, f"* * {days}")


def _interval(words: Words) -> Phrase:
    low = words.number(f"a number from 1 to {LONGEST}", 1, LONGEST)
    high = _upper(words, low) if words.accept("to") else low
    unit = _unit(words, high)
    # "every 1 day" is "every day", and may have a time.
    if low == high == 1:
        return _EVERY[unit](words)
    if low != high:
        interval = Interval(low * _UNITS[unit], high * _UNITS[unit])
        return f"every {low} to {high} {unit}s", interval
    return f"every {low} {unit}s", _exact_cron(low, unit) or Interval(*[low * _UNITS[unit]] * 2)


def _upper(words: Words, low: int) -> int:
    word, expected = words.peek, f"a number from {low + 1} to {LONGEST}"
    # "every 10 to 5 minutes": suggest the two numbers the other way round.
    if word.isdigit() and 0 < int(word) < low:
        raise words.unexpected(expected, word, swapped=2)
    return words.number(expected, low + 1, LONGEST)


def _unit(words: Words, count: int) -> str:
    word = words.peek
    if word not in _SINGULAR:
        near = _closest(word, _SINGULAR) if word else "minutes"
        raise words.unexpected("seconds, minutes, hours, days or weeks", near)
    unit = _SINGULAR[word]
    if count * _UNITS[unit] > LONGEST:
        most = LONGEST // _UNITS[unit]
        raise words.back().unexpected(f"at most {most} {unit}s", str(most))
    words.take()
    return unit


def _exact_cron(count: int, unit: str) -> tuple[str, ...]:
    """Empty when cron is not due at the same instants."""
    if unit == "minute" and 60 % count == 0:
        return ("0 * * * *" if count == 60 else f"*/{count} * * * *",)
    if unit == "hour" and 24 % count == 0:
        return ("0 0 * * *" if count == 24 else f"0 */{count} * * *",)
    return ()


def _weekday(words: Words) -> int:
    if words.peek not in _WEEKDAY_NUMBERS:
        near = _closest(words.peek, WEEKDAYS)
        raise words.unexpected("a day of the week such as monday", near)
    return _WEEKDAY_NUMBERS[words.take()]


def _closest(word: str, known: Iterable[str]) -> str:
    return get_close_matches(word[:20], known, n=1, cutoff=0.0)[0]


def _number_in(word: str) -> str:
    """Suggest a number for a word that is almost one, such as -5, 2.5 and 5-10."""
    match = _ALMOST_NUMBER.match(word)
    if match is None:
        return ""
    return f"{max(int(match[1]), 1)} to {match[2]}" if match[2] else str(max(int(match[1]), 1))


def _at(words: Words) -> tuple[str, tuple[str, ...]]:
    """Read `at HH:MM` with any number of times, or nothing for midnight.

    Return its text, and the first two fields of each cron line.
    """
    if not words.accept("at"):
        return "", _MIDNIGHT
    times = sorted(set(_all(words, words.time)))
    return f" at {_listed([f'{hour:02}:{minute:02}' for hour, minute in times])}", _fields(times)


def _fields(times: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """A cron line is due at each of its minutes in each of its hours. So each line has minutes
    whose hours are the same."""
    hours: dict[int, list[int]] = {}
    for hour, minute in times:
        hours.setdefault(minute, []).append(hour)
    minutes: dict[str, list[int]] = {}
    for minute in sorted(hours):
        minutes.setdefault(",".join(map(str, hours[minute])), []).append(minute)
    return tuple(f"{','.join(map(str, own))} {listed}" for listed, own in minutes.items())


def _lines(times: Iterable[str], days: str) -> tuple[str, ...]:
    return tuple(f"{time} {days}" for time in times)


def _all(words: Words, read: Callable[[], _Item]) -> list[_Item]:
    """Read a list such as `a, b and c`."""
    found = [read()]
    while words.accept(",") or words.peek == "and":
        words.accept("and")
        found.append(read())
    return found


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _at_minutes(words: Words) -> tuple[str, str]:
    """Read `at :MM` with any number of minutes, or nothing for the full hour."""
    if not words.accept("at"):
        return "", "0"
    minutes = sorted(set(_all(words, words.minute)))
    return f" at {_listed([f':{minute:02}' for minute in minutes])}", ",".join(map(str, minutes))


_EVERY: Final[Mapping[str, Callable[[Words], Phrase]]] = MappingProxyType(
    {
        "second": lambda _: ("every second", Interval(1, 1)),
        "minute": lambda _: ("every minute", ("* * * * *",)),
        "hour": _every_hour,
        "day": _every_day,
        "week": lambda _: ("every week", ("0 0 * * 0",)),
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
