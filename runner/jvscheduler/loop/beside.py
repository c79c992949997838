"""Work that goes on beside what needs it, as long as that does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any


@contextlib.asynccontextmanager
async def beside(
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
