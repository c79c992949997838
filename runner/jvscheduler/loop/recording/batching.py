"""Batches calls: those that come while one is under way go together into the next.

A single call waits for nothing. A hundred at once cost two round trips.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MOST: Final = 500
"""Items in one statement."""


class Batcher(Generic[T, R]):
    """`act` returns an answer for each item, in order, or raises for all of them."""

    def __init__(self, act: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._act = act
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
            # A caller that was cancelled or timed out has gone on without the history. If its
            # item were written now, the spool would write it a second time, and later.
            wanted = [(item, answer) for item, answer in batch if not answer.done()]
            if wanted:
                await self._answer([item for item, _ in wanted], [answer for _, answer in wanted])
        self._working = None

    async def _answer(self, items: Sequence[T], answers: Sequence[asyncio.Future[R]]) -> None:
        try:
            results = await self._act(items)
        except Exception as error:  # noqa: BLE001 - the callers decide what it means
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
            return
        for answer, result in zip(answers, results, strict=True):
            if not answer.done():
                answer.set_result(result)


def answering_none(
    act: Callable[[Sequence[T]], Awaitable[None]],
) -> Callable[[Sequence[T]], Awaitable[Sequence[None]]]:
    """A write that has no answers, in the form that `Batcher` takes."""

    async def written(items: Sequence[T]) -> Sequence[None]:
        await act(items)
        return [None] * len(items)

    return written
