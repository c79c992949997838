"""Keeps the writes of a task in the order in which they were decided.

A takeover goes on from a task's last record. If a later instant had its record before an earlier
one, and the loop were killed in between, the earlier one would never get any. It is the same
with a definition and the instants before and after it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self


class Turn:
    """One write's place among those of its task. Its owner must end it, written or not."""

    def __init__(self, before: Self | None = None) -> None:
        self._before = before
        self._ended = asyncio.Event()

    async def come(self) -> None:
        """Returns when every write before this one has ended."""
        # One that ended without coming may have had others before it. So all are looked at.
        while (before := self._before) is not None:
            await before._ended.wait()  # noqa: SLF001 - another one of this class
            if self._before is before:
                self._before = before._before  # noqa: SLF001

    def end(self) -> None:
        self._ended.set()

    async def over(self) -> None:
        """Returns when this write and every one before it have ended."""
        await self._ended.wait()
        await self.come()


class WriteOrder:
    def __init__(self) -> None:
        self._last: dict[str, Turn] = {}

    def turn(self, task_name: str) -> Turn:
        """Return the place after all earlier ones of the task."""
        turn = self._last[task_name] = Turn(self._last.get(task_name))
        return turn


async def in_turn(turn: Turn, write: Callable[[], Awaitable[None]]) -> None:
    try:
        await turn.come()
        await write()
    finally:
        turn.end()
