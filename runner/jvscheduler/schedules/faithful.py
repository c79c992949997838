"""Decides if a suggested schedule says the same as the refused text.

A wrong suggestion is worse than none. Each word and number of the text must be in the suggestion,
with its value. A word may be misspelt or shortened. Nothing is left out but words without a
meaning of their own: `every day except sunday` is not `every day`. Nothing is guessed: a missing
unit is not minutes.
"""

import re
from difflib import SequenceMatcher
from typing import Final

_WITHOUT_MEANING: Final = frozenset(
    {"a", "an", "and", "at", "daily", "each", "every", "in", "of", "on", "the", "utc"}
)
"""Words that a text or a suggestion may have alone. `daily` stands before a time."""
_CLOSE: Final = 0.75
"""The least similarity of a misspelt word; equal words have 1. `dayly` passes for `daily`, `mondey`
for `monday`, but not `holiday` for `monday`."""
_SHORTEST: Final = 3
"""The fewest letters of a shortened word: `mon`, `thurs`."""

_PHRASE: Final = re.compile(r"@?[a-z]")
_TIME_ZONE: Final = re.compile(r"^(?:cron_)?tz=\S+ ")
_WORD: Final = re.compile(r"[^\s,]+")
_NUMBER: Final = re.compile(r"\+?([0-9]{1,9})")
_TIME: Final = re.compile(r"([0-9]{1,2})[:.h]([0-9]{1,2})(?::00)?")
_MINUTE: Final = re.compile(r":([0-9]{1,2})")
_LETTERS: Final = re.compile(r"[a-z]{4,9}")
_NAMES: Final = frozenset(
    {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
    | {"january", "february", "march", "april", "june", "july", "august", "september"}
    | {"october", "november", "december"}
)
_SUNDAY_LAST: Final = re.compile(r"([0-6])-7")

Value = str | int | tuple[int, int] | tuple[None, int]
"""A word, a number, a time of the day, or a minute of the hour."""


def says_the_same(text: str, suggestion: str) -> bool:
    """`text` is in lower case, with single spaces. `suggestion` is valid."""
    text = _TIME_ZONE.sub("", text)
    if _PHRASE.match(suggestion):
        return _words_match(text, suggestion)
    return _cron_fields(text) == suggestion.lower().split()


def _words_match(text: str, suggestion: str) -> bool:
    left = [_value(word) for word in _WORD.findall(suggestion)]
    for word in _WORD.findall(text):
        value = _value(word)
        found = next((other for other in left if _is_same(value, other)), None)
        if found is not None:
            left.remove(found)
        elif not _is_without_meaning(value):
            return False
    return all(map(_is_without_meaning, left))


def _value(word: str) -> Value:
    if match := _TIME.fullmatch(word):
        return int(match[1]), int(match[2])
    if match := _MINUTE.fullmatch(word):
        return None, int(match[1])
    if match := _NUMBER.fullmatch(word):
        return int(match[1])
    return word


def _is_same(value: Value, suggested: Value) -> bool:
    if isinstance(value, str) and isinstance(suggested, str):
        return _is_close(value, suggested)
    # "daily at 9" is 09:00, and "hourly at 15" is :15.
    return suggested in (value, (value, 0), (None, value))


def _is_close(word: str, suggested: str) -> bool:
    if word[0] != suggested[0]:
        return word == suggested
    return (
        SequenceMatcher(None, word, suggested).ratio() >= _CLOSE
        or sorted(word) == sorted(suggested)
        or (len(word) >= _SHORTEST and suggested.startswith(word.removesuffix("s")))
    )


def _is_without_meaning(value: Value) -> bool:
    return isinstance(value, str) and (
        value in _WITHOUT_MEANING or not any(map(str.isalnum, value))
    )


def _cron_fields(text: str) -> list[str]:
    """The fields in cron's own words, without seconds that are 0 and years that are all."""
    fields = text.split()
    if len(fields) == 7 and fields[-1] in ("*", "?"):
        fields.pop()
    if len(fields) == 6 and fields[0] == "0":
        fields.pop(0)
    fields = [_LETTERS.sub(_short, field) for field in fields]
    if len(fields) == 5:
        fields[4] = ",".join(map(_from_sunday, fields[4].split(",")))
    return fields


def _short(match: re.Match[str]) -> str:
    return match[0][:3] if match[0] in _NAMES else match[0]


def _from_sunday(item: str) -> str:
    """Cron's Sunday is 0."""
    return "0" if item == "7" else _SUNDAY_LAST.sub(r"0,\1-6", item)
