"""A phrase as a row of words with their positions, read from left to right once."""

import re
from typing import Final

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules.nearest import nearest_form

_WORD: Final = re.compile(r"[^\s,]+|,")
_NUMBER: Final = re.compile(r"[0-9]+")
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_MINUTE: Final = re.compile(r":([0-5][0-9])")


class Words:
    """`peek` is the next word, empty at the end; positions count from 1."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.lower().split())
        self._words = [(match.group(), match.start() + 1) for match in _WORD.finditer(text.lower())]
        self._end = len(text.rstrip()) + 1
        self._index = 0

    @property
    def peek(self) -> str:
        return self._words[self._index][0] if self._index < len(self._words) else ""

    def take(self) -> str:
        word = self.peek
        self._index += 1
        return word

    def accept(self, word: str) -> bool:
        found = self.peek == word
        self._index += found
        return found

    def end(self) -> None:
        if self.peek:
            raise self.unexpected("the end")

    def number(self, expected: str, low: int, high: int | None = None) -> int:
        number = int(self.peek) if _NUMBER.fullmatch(self.peek) else None
        if number is None or number < low or (high is not None and number > high):
            raise self.unexpected(expected)
        self.take()
        return number

    def time(self) -> tuple[int, int]:
        match = _TIME.fullmatch(self.peek)
        if match is None:
            raise self.unexpected("a time from 00:00 to 23:59")
        self.take()
        return int(match[1]), int(match[2])

    def minute(self) -> int:
        match = _MINUTE.fullmatch(self.peek)
        if match is None:
            raise self.unexpected("a minute from :00 to :59")
        self.take()
        return int(match[1])

    def unexpected(self, expected: str) -> InvalidSchedule:
        position = self._words[self._index][1] if self.peek else self._end
        found = repr(self.peek) if self.peek else "the end"
        return InvalidSchedule(
            f"at position {position}: expected {expected}, found {found}"
            f"; nearest form: {nearest_form(self.text)!r}"
        )
