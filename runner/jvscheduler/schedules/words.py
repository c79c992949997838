"""A phrase as a list of words with their positions, read once from left to right."""

import re
from typing import Final

from jvscheduler.schedules.unreadable import Unreadable

_WORD: Final = re.compile(r"[^\s,]+|,")
_NUMBER: Final = re.compile(r"[0-9]+")
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MINUTE: Final = re.compile(r":([0-5][0-9])")
_TIME_LIKE: Final = re.compile(r"([0-9]{1,2})(?:[:.h]([0-9]{1,2}))?(?:[:.]?[0-9]{2})? ?(am|pm)?")
_DIGITS: Final = re.compile(r"[0-9]{1,9}")


class Words:
    """The words of a text. Positions in errors count from 1."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.lower().split())
        self._words = [(match.group(), match.start() + 1) for match in _WORD.finditer(text.lower())]
        self._end = len(text.rstrip()) + 1
        self._index = 0

    @property
    def peek(self) -> str:
        """The next word; empty at the end."""
        return self._words[self._index][0] if self._index < len(self._words) else ""

    def take(self) -> str:
        word = self.peek
        self._index += 1
        return word

    def back(self) -> "Words":
        """Go back to before the word that was taken last."""
        self._index -= 1
        return self

    def accept(self, word: str) -> bool:
        """Take the next word if it is this one. True when it is."""
        found = self.peek == word
        self._index += found
        return found

    def end(self) -> None:
        if self.peek:
            raise self.unexpected(
                "the end", f"at {self.peek}" if _TIME.fullmatch(self.peek) else ""
            )

    def number(self, expected: str, low: int, high: int) -> int:
        number = int(self.peek) if _NUMBER.fullmatch(self.peek) else None
        if number is None or not low <= number <= high:
            raise self.unexpected(expected, _nearest_number(self.peek, low, high))
        self.take()
        return number

    def time(self) -> tuple[int, int]:
        match = _TIME.fullmatch(self.peek)
        if match is None:
            raise self.unexpected("a time from 00:00 to 23:59", _nearest_time(self.peek))
        self.take()
        return int(match[1]), int(match[2])

    def minute(self) -> int:
        match = _MINUTE.fullmatch(self.peek)
        if match is None:
            near = f":{int(_nearest_number(self.peek, 0, 59)):02}"
            raise self.unexpected("a minute from :00 to :59", near)
        self.take()
        return int(match[1])

    def unexpected(self, expected: str, instead: str, swapped: int = 0) -> Unreadable:
        """Return the error for the next word.

        `instead` is the word that may have been meant; an empty one means that the text should
        end here. With `swapped`, this word and the one so many words before may have to be
        exchanged.
        """
        position = self._words[self._index][1] if self.peek else self._end
        found = repr(self.peek) if self.peek else "the end"
        before = [word for word, _ in self._words[: self._index]]
        after = [word for word, _ in self._words[self._index + 1 :]]
        if swapped:
            before[-swapped], instead = instead, before[-swapped]
        return Unreadable(
            f"at position {position}: expected {expected}, found {found}",
            " ".join([*before, instead, *after] if instead else before),
        )


def _nearest_number(text: str, low: int, high: int) -> str:
    digits = _DIGITS.search(text)
    return str(max(low, min(int(digits[0]), high)) if digits else low)


def _nearest_time(text: str) -> str:
    match = _TIME_LIKE.match(text)
    if match is None:
        return "00:00"
    hour, minute = int(match[1]), min(int(match[2] or 0), 59)
    if match[3]:
        hour = hour % 12 + 12 * (match[3] == "pm")
    return f"{hour if hour < 24 else 0:02}:{minute:02}"
