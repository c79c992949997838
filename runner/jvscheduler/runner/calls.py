"""The runner's calls of the history: they hold no connection between them, and end after a stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from jvscheduler.attempt.log import say
from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.store.protocol import HistoryStore

T = TypeVar("T")

STOP_SECONDS: Final = 10.0
"""A call has this long after a stop. The pod's grace period is also for what comes after it."""


async def answered(call: Coroutine[Any, Any, T], stop: asyncio.Event) -> T:
    """The call's answer. Raises HistoryUnavailable when there is none soon after the stop.

    Without a stop, a call may wait a minute for a connection.
    """
    try:
        async with asyncio.timeout(None) as limit:
            limiting = asyncio.create_task(_limit_after(stop, limit))
            try:
                return await call
            finally:
                limiting.cancel()
    except TimeoutError:
        raise HistoryUnavailable(f"no answer in {STOP_SECONDS:g} s after the stop") from None


async def disconnect(store: HistoryStore) -> None:
    """Hold no connection while the task's code runs. Others may need it to start their task."""
    try:
        await store.disconnect()
    except SchedulerError as error:
        say(f"the connection to the history was not closed cleanly: {error}")


async def _limit_after(stop: asyncio.Event, limit: asyncio.Timeout) -> None:
    await stop.wait()
    limit.reschedule(asyncio.get_running_loop().time() + STOP_SECONDS)
