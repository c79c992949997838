"""The life of the application: it opens the history and the cluster, and runs background work."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.cluster.protocols import Cluster

Background = Callable[[], Awaitable[None]]

OPEN_AGAIN_SECONDS = 2.0
"""Pause between two attempts to open the history."""

_log = logging.getLogger(__name__)


def lifespan(
    store: HistoryStore, cluster: Cluster, background: Sequence[Background]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return FastAPI's `lifespan`: it starts these parts, and ends them in reverse order."""

    @asynccontextmanager
    async def serving(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(opened(store))
            stack.push_async_callback(cluster.stop)
            await cluster.start()
            for part in background:
                await stack.enter_async_context(_running(part))
            yield

    return serving


@asynccontextmanager
async def opened(store: HistoryStore) -> AsyncIterator[None]:
    """Open the history, now or as soon as it is there, and close it at the end."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        # Without its history the server starts all the same and answers 503. If it exited
        # instead, its pod would restart in a loop for as long as the database is away.
        if not await _opened(store):
            await stack.enter_async_context(_running(lambda: _open_later(store)))
        yield


async def _open_later(store: HistoryStore) -> None:
    """Return when the history is open."""
    opened = False
    while not opened:
        await asyncio.sleep(OPEN_AGAIN_SECONDS)
        opened = await _opened(store)


async def _opened(store: HistoryStore) -> bool:
    try:
        await store.open()
    except HistoryUnavailable as error:
        _log.warning("%s; trying again in %g s", error, OPEN_AGAIN_SECONDS)
        return False
    return True


@asynccontextmanager
async def _running(part: Background) -> AsyncIterator[None]:
    task = asyncio.ensure_future(part())
    task.add_done_callback(_report_failure)
    try:
        yield
    finally:
        task.cancel()
        # `wait` does not raise: a part that failed must not keep the others from closing.
        await asyncio.wait([task])


def _report_failure(task: "asyncio.Future[None]") -> None:
    # Without this line the failure would show only when the server ends, if at all.
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("a part of the server ended for good", exc_info=error)
