"""What goes on beside: an error that nobody expected is told, and keeps nothing else from being
done."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from jvscheduler.loop.log import Event, say

T = TypeVar("T")


class Work:
    def __init__(self) -> None:
        self._going_on: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        started = asyncio.create_task(work)
        self._going_on.add(started)
        started.add_done_callback(self._going_on.discard)
        started.add_done_callback(_report)
        return started

    async def attempt(self, work: Coroutine[Any, Any, object]) -> None:
        """Until it has ended, also by an error."""
        await asyncio.wait({self.start(work)})

    async def ended(self) -> None:
        """All of it, also what is started meanwhile."""
        while self._going_on:
            await asyncio.wait(self._going_on)

    async def ended_within(self, seconds: float) -> None:
        """What goes on now; or it takes longer."""
        if self._going_on:
            await asyncio.wait(self._going_on, timeout=seconds)


def _report(work: asyncio.Task[Any]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        say(f"unexpected error: {error!r}", Event.PROBLEM)


@contextlib.asynccontextmanager
async def alongside(
    work: Coroutine[Any, Any, None], begun: asyncio.Event, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Entered once the work has `begun`, or when `stop` comes first; left, it is cancelled."""
    working = asyncio.create_task(work)
    waiting = {asyncio.create_task(event.wait()) for event in (begun, stop)}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        for task in (working, *waiting):
            task.cancel()
        await asyncio.gather(working, *waiting, return_exceptions=True)
