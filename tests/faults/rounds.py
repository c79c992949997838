"""The order of what a seed stands for: all of it once before any of it twice. Pure."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar


class Lasting(Protocol):
    @property
    def seconds(self) -> float:
        """That it takes of the time there is."""


C = TypeVar("C")
L = TypeVar("L", bound=Lasting)


def in_rounds(
    choices: Sequence[C], seconds: float, chance: random.Random, made: Callable[[C], L]
) -> Iterator[L]:
    """Of so many seconds at most, but everything at least once."""
    left, first = seconds, True
    while choices and (first or left > 0):
        for choice in chance.sample(choices, len(choices)):
            injection = made(choice)
            left -= injection.seconds
            if first or left > 0:
                yield injection
        first = False
