"""Translate common ways to say a schedule into the grammar's own words, for error messages.

The grammar itself refuses these texts, because it has one way to say a thing. The error then
suggests a form that means the same.

The rules are applied in their order, each to the whole text. A rule reads only a few words at each
position, so that the work grows no faster than the text. The patterns are compiled when they are
first needed; importing the decorator compiles none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from jvscheduler.schedules.nearest import phrase_of_seconds

_SECONDS: Final[Mapping[str, int]] = MappingProxyType(
    {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
    | {"month": 30 * 86400, "year": 365 * 86400}
)
_COUNTED: Final[Mapping[tuple[int, str], str]] = MappingProxyType(
    {
        (1, "day"): "daily",
        (1, "week"): "weekly",
        (1, "month"): "monthly",
        (1, "year"): "@yearly",
        (2, "month"): "0 0 1,15 * *",
        (2, "year"): "0 0 1 */6 *",
        (4, "year"): "0 0 1 */3 *",
    }
)
_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {word: str(number) for number, word in enumerate(_NUMBERS, start=1)}
    | {"twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "sixty": "60"}
    | {"sec": "seconds", "secs": "seconds", "min": "minutes", "mins": "minutes"}
    | {"hr": "hours", "hrs": "hours", "each": "every", "per": "a", "through": "to"}
    | {"twice": "2 times", "thrice": "3 times"}
    | {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
    | {"secondly": "every second", "minutely": "every minute"}
    | {"everyday": "every day", "nightly": "daily", "quarterly": "0 0 1 */3 *"}
    | {"fortnightly": "every 2 weeks", "biweekly": "every 2 weeks"}
    | {"yearly": "@yearly", "annually": "@yearly", "weekdays": "weekday", "workday": "weekday"}
    | {"workdays": "weekday", "weekend": "saturday and sunday", "weekends": "saturday and sunday"}
    | {f"{day}days": f"{day}day" for day in ("sun", "mon", "tues", "wednes", "thurs", "fri")}
    | {"saturdays": "saturday"}
)
_ORDINALS: Final[Mapping[str, str]] = MappingProxyType(
    {"other": "2", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6"}
)
_WORD: Final = "(?<![a-z])[a-z]+"
_CRON: Final = r"[*?]|@(?!every )|[0-9,/-]+ [0-9,/-]+ |.*\*"
_AWS_CRON: Final = r"cron\((\S+(?: \S+){4}) [*?]\)"

_N: Final = "([0-9]{1,6})"
_UNIT: Final = "(second|minute|hour|day|week)s?"
_DAY: Final = (
    r"(?:(?:sun|mon|fri)(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|sat(?:urday)?)\b"
)


def reworded(text: str) -> str:
    """Return the text in words of the grammar, as far as the rules know them."""
    joined = " ".join(text.lower().split())
    # Cron text has no words to translate. AWS adds a sixth field for the year, which is dropped.
    aws = re.fullmatch(_AWS_CRON, joined)
    if aws or re.match(_CRON, joined):
        return aws[1] if aws else joined
    joined = re.sub(_WORD, lambda match: _WORDS.get(match[0], match[0]), joined)
    for pattern, replacement in _RULES:
        joined = re.sub(pattern, replacement, joined)
    return joined


def _of_letter(match: re.Match[str]) -> str:
    unit = next(unit for unit in _SECONDS if unit[0] == match[2][0])
    return f"{match[1]} {unit}s "


def _of_times(match: re.Match[str]) -> str:
    count, unit = max(int(match[1]), 1), match[2]
    if form := _COUNTED.get((count, unit)):
        return form
    # A month and a year have no fixed length, and 7 times a day is no whole number of seconds.
    exact = unit not in ("month", "year") and _SECONDS[unit] % count == 0
    return _every(_SECONDS[unit] // count) if exact else match[0]


def _of_months(match: re.Match[str]) -> str:
    count = max(int(match[1] or 1), 1)
    if count in (1, 12):
        return "monthly" if count == 1 else "@yearly"
    return f"0 0 1 */{count} *" if 12 % count == 0 else match[0]


def _of_years(match: re.Match[str]) -> str:
    count = max(int(match[1] or 1), 1)
    return "@yearly" if count == 1 else match[0]


def _of_fortnights(match: re.Match[str]) -> str:
    return f"every {2 * int(match[1] or 1)} weeks"


def _of_two(match: re.Match[str]) -> str:
    return _every(int(match[1]) * 3600 + int(match[2]) * 60)


def _of_fraction(match: re.Match[str]) -> str:
    return _every(round(float(match[1]) * _SECONDS[match[2]]))


def _of_clock(match: re.Match[str]) -> str:
    hour = int(match[1]) % 12 + 12 * (match[3] == "p")
    return f"{hour:02}:{match[2] or '00'}"


def _of_hours_at(match: re.Match[str]) -> str:
    count = int(match[1])
    return f"{int(match[2])} */{count} * * *" if count and 24 % count == 0 else match[0]


def _every(seconds: int) -> str:
    return phrase_of_seconds(max(seconds, 1))


# The order matters: a rule may produce words that a later rule reads, such as "2 times a day".
_RULES: Final[Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]] = (
    (rf"(?<![0-9]){_N}(s|m|h|d|w|secs?|mins?|hrs?)(?![a-z])", _of_letter),
    (r"  +", " "),
    (r"^rate\((.+)\)$", r"every \1"),
    (r"^@every ", "every "),
    (r"\bbi-weekly\b", "every 2 weeks"),
    (rf"\bevery (?:{_N} )?fortnights?\b", _of_fortnights),
    (r"\bonce ", "1 times "),
    (r"\b([0-9]{1,2})(?:[:.]([0-9]{2}))? ?([ap])\.?m\b\.?", _of_clock),
    (r"\b([0-9]{1,2}) o'?clock\b", r"\1:00"),
    (r"\b([0-9]{1,2})(?:st|nd|rd|th)\b", r"\1"),
    (
        rf"\bevery ({'|'.join(_ORDINALS)}) (?={_UNIT}\b|months?\b)",
        lambda match: f"every {_ORDINALS[match[1]]} ",
    ),
    (r"\b(?:every )?half(?: an)?[ -]hour(?:ly)?\b", "every 30 minutes"),
    (r"\b(?:every )?quarter(?: of an)? hour\b", "every 15 minutes"),
    (r"\bevery quarter\b", "0 0 1 */3 *"),
    (r"\b([0-9]{1,2}) times (dai|hour|week|month|year)ly\b", r"\1 times a \2"),
    (r"\btimes a dai\b", "times a day"),
    (rf"\b{_N} times (?:an?|every) ({'|'.join(_SECONDS)})\b", _of_times),
    (rf"\bevery (?:{_N} )?months?\b", _of_months),
    (rf"\bevery (?:{_N} )?years?\b", _of_years),
    (r"\bevery (?:night|morning|evening) at\b", "daily at"),
    (r"\bevery night\b", "daily"),
    (r"\bevery week (?=at|on)", "weekly "),
    (rf"\bevery {_N} hours?(?: and)? {_N} minutes?\b", _of_two),
    (rf"\bevery ([0-9]{{1,6}}\.[0-9]{{1,3}}) {_UNIT}\b", _of_fraction),
    (rf"^(?:every )?1 {_UNIT}\b", r"every \1"),
    (rf"\bevery {_N} hours at :([0-5][0-9])\b", _of_hours_at),
    (rf"\b(?:between )?{_N} ?(?:-|and) ?{_N}(?= {_UNIT}\b)", r"\1 to \2"),
    (r"\b(?:business|working|work|week) days?\b", "weekday"),
    (r"^(?:every |in |during )?(?:business|working|office) hours?\b", "0 9-17 * * 1-5"),
    (r"\bmon(?:day)? ?(?:-|to) ?fri(?:day)?\b", "weekday"),
    (rf"\b({_DAY})(?: or | )(?={_DAY})", r"\1 and "),
    (rf"\bweekly(?: on)? (?={_DAY}(?:,| and))", "every "),
    (rf"\bweekly (?={_DAY})", "weekly on "),
    (r"\bweekly on weekday\b", "every weekday"),
    (rf"^(?:on )?(?={_DAY}|weekday\b)", "every "),
    (r"\bmonthly(?: on)?(?: the)? (?=[0-9])", "monthly on "),
    (r"^(?:on )?(?:the )?([0-9]{1,2}) (?:of|a) (?:the |every )?month(?:ly)?", r"monthly on \1"),
    (r"^monthly on ([0-9]{1,2})(?:, ?| and )([0-9]{1,2})$", r"0 0 \1,\2 * *"),
)
