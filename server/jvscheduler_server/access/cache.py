"""Remembers answers for a while. Callers that ask the same at once share one question."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class AnswerCache(Generic[K, V]):
    """Keeps each answer for `seconds`, and at most `size` of them: the latest used stay.

    The time counts from the question, so that no answer is older than it says. A question that
    failed is not remembered: the next caller asks again.
    """

    def __init__(self, seconds: float, size: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._size = size
        self._clock = clock
        self._kept: OrderedDict[K, tuple[float, asyncio.Future[V]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        now = self._clock()
        asked = self._kept.get(key)
        if asked is None or asked[0] + self._seconds <= now:
            asked = (now, asyncio.ensure_future(ask()))
            self._keep(key, asked)
        self._kept.move_to_end(key)
        # Shielded: one caller that leaves must not end the question of the others.
        return await asyncio.shield(asked[1])

    def _keep(self, key: K, asked: tuple[float, "asyncio.Future[V]"]) -> None:
        def forget_failure(answer: "asyncio.Future[V]") -> None:
            failed = answer.cancelled() or answer.exception() is not None
            if failed and self._kept.get(key) is asked:
                del self._kept[key]

        self._kept[key] = asked
        asked[1].add_done_callback(forget_failure)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


class RecentKeys(Generic[K]):
    """Knows for `seconds` which keys were added, and at most `size` of them: the latest."""

    def __init__(self, seconds: float, size: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._size = size
        self._clock = clock
        self._until: OrderedDict[K, float] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return self._until.get(key, self._clock()) > self._clock()

    def __len__(self) -> int:
        return len(self._until)

    def add(self, key: K) -> None:
        self._until[key] = self._clock() + self._seconds
        self._until.move_to_end(key)
        if len(self._until) > self._size:
            self._until.popitem(last=False)
