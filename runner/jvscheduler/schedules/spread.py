"""`H` in the minute and hour of cron text: a value that follows from the task's id.

Tasks with the same text, such as `H H * * *`, so run at different times, and each one always at its
own. Jenkins has the same `H`. The value is from a hash of the id:

- `h` is the number in the first eight bytes of the SHA-256 of `minute/ID`, or of `hour/ID`.
- `H` is `h` modulo the size of the range, `H(9-16)` counts from 9.
- `H/15` is due at `h` modulo 15, and every 15 from there to the end of the range.

Another hash would move the schedules of every cluster, so docs/reference/schedules.md has values
that a test compares.
"""

import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Final

from jvscheduler.schedules.unreadable import Unreadable

_SPREAD: Final = (("minute", 59), ("hour", 23))
"""The first fields of cron text, which may have an `H`, with their highest values."""
_OTHERS: Final = ("day of month", "month", "day of week")

_MEANT: Final = re.compile(r"h(?![a-z])")
_ITEM: Final = re.compile(r"h(?:\(([0-9]{1,4})-([0-9]{1,4})\))?(?:/([0-9]{1,4}))?")
_ITEMS: Final = re.compile(rf"(?<![^\s,]){_ITEM.pattern}(?![^\s,])")


def is_spread(text: str) -> bool:
    """True when a canonical text has an `H`: all others are in lower case."""
    return "H" in text


def check(text: str) -> None:
    """Raise Unreadable for an `H` that means nothing. `text` is cron text in lower case."""
    for index, item, position in _items(text):
        if _MEANT.match(item):
            _check_item(text, index, item, position)


def without_spread(text: str) -> str:
    """Return cron text of the same length, with a valid value in place of each `H`.

    So the cron parser checks the rest, and its positions are those of `text`.
    """
    return _ITEMS.sub(_placeholder, text)


def canonical(text: str) -> str:
    """Return the cron text with its `H` in upper case, as people write it."""
    return _ITEMS.sub(lambda match: match[0].upper(), text)


def resolved(text: str, task_id: str) -> str:
    """Return the cron text with the task's own value in place of each `H`."""
    fields = text.lower().split()
    for index, (name, highest) in enumerate(_SPREAD):
        digest = sha256(f"{name}/{task_id}".encode()).digest()
        value = partial(_value, highest, int.from_bytes(digest[:8]))
        fields[index] = _ITEMS.sub(value, fields[index])
    return " ".join(fields)


def _items(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield the items of all fields, each with the index of its field and its position."""
    for index, field in enumerate(re.finditer(r"\S+", text)):
        position = field.start() + 1
        for item in field[0].split(","):
            yield index, item, position
            position += len(item) + 1


def _check_item(text: str, index: int, item: str, position: int) -> None:
    if index >= len(_SPREAD):
        name = _OTHERS[index - len(_SPREAD)]
        raise _refusal(text, item, position, f"{name}: expected no H, which is for minute and hour")
    name, highest = _SPREAD[index]
    match = _ITEM.fullmatch(item)
    if match is None:
        expected = f"{name}: expected H, H/STEP, H(LOW-HIGH) or H(LOW-HIGH)/STEP"
        raise _refusal(text, item, position, expected)
    low, high, step = int(match[1] or 0), int(match[2] or highest), int(match[3] or 1)
    if not low <= high <= highest:
        expected = f"{name}: expected a range from 0 to {highest}, from low to high"
        raise _refusal(text, item, position, expected)
    if not 1 <= step <= high - low + 1:
        expected = f"{name}: expected a step from 1 to {high - low + 1}"
        raise _refusal(text, item, position, expected)


def _refusal(text: str, item: str, position: int, expected: str) -> Unreadable:
    end = position - 1 + len(item)
    return Unreadable(
        f"at position {position}, {expected}, found {item.upper()!r}",
        f"{text[: position - 1]}*{text[end:]}",
    )


def _placeholder(match: re.Match[str]) -> str:
    step = f"/{match[3]}" if match[3] else ""
    return f"000{match[1]}-{match[2]}{step}" if match[1] else f"0{step}"


def _value(highest: int, hashed: int, match: re.Match[str]) -> str:
    low, high = int(match[1] or 0), int(match[2] or highest)
    if match[3] is None:
        return str(low + hashed % (high - low + 1))
    step = int(match[3])
    return f"{low + hashed % step}-{high}/{step}"
