"""Work that runs in the background of the loop: an error in it is logged and ends nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from jvscheduler.loop.log import Event, say

T = TypeVar("T")


class Background:
    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        started = asyncio.create_task(work)
        # asyncio keeps only weak references to tasks. Without this one, a task could be
        # collected before it has ended.
        self._running.add(started)
        started.add_done_callback(self._running.discard)
        started.add_done_callback(_log_error)
        return started

    async def run(self, work: Coroutine[Any, Any, object]) -> None:
        """Returns when the work has ended. An error in it is logged and not raised."""
        await asyncio.wait({self.start(work)})

    async def wait(self) -> None:
        """Wait until all work has ended, with the work that is started meanwhile."""
        while self._running:
            await asyncio.wait(self._running)

    async def wait_at_most(self, seconds: float) -> None:
        """Wait until the work that runs now has ended, or until the time is over."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)


def _log_error(work: asyncio.Task[Any]) -> None:
    if not work.cancelled() and (error := work.exception()) is not None:
        say(f"unexpected error: {error!r}", Event.PROBLEM)


@contextlib.asynccontextmanager
async def alongside(
    work: Coroutine[Any, Any, None], begun: asyncio.Event, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Run the work while the block runs, and cancel it afterwards.

    The block is entered when the work has `begun`, or when `stop` comes first.
    """
    working = asyncio.create_task(work)
    waiting = {asyncio.create_task(event.wait()) for event in (begun, stop)}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        for task in (working, *waiting):
            task.cancel()
        await asyncio.gather(working, *waiting, return_exceptions=True)
