"""The application: one API for the cluster's server and for `jvscheduler dev`.

Whoever builds it says which history and which cluster it reads; the application
opens both when it starts and closes them when it ends. What must run beside the
API for as long as it lives (the sweep, dev's scheduler) is passed as
`background`, so that no part has a lifetime of its own.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final

from fastapi import FastAPI

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.store import HistoryStore
from jvscheduler.version import __version__
from jvscheduler_server.api import health, jobs, problems, status
from jvscheduler_server.api.state import ServerState
from jvscheduler_server.cluster.protocols import Cluster

Background = Callable[[], Awaitable[None]]

OPEN_AGAIN_SECONDS = 2.0

SCHEDULER: Final = (status, jobs)
"""The modules whose `router` is also part of an application that embeds the scheduler."""

_log = logging.getLogger(__name__)


def create_app(
    store: HistoryStore, cluster: Cluster, background: Sequence[Background] = ()
) -> FastAPI:
    """The API over this history and this cluster. Nothing is opened before it is served."""
    app = FastAPI(
        title="jvscheduler",
        version=__version__,
        description="What is scheduled, what ran, and what came of it.",
        lifespan=lifespan(store, cluster, background),
    )
    app.state.jvscheduler = ServerState(store, cluster)
    problems.install(app)
    for part in (*SCHEDULER, health):
        app.include_router(part.router)
    return app


def lifespan(
    store: HistoryStore, cluster: Cluster, background: Sequence[Background]
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Opens and runs what the API reads, for as long as it is served."""

    @asynccontextmanager
    async def lasting(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(store.close)
            if not await _opened(store):
                await stack.enter_async_context(_running(lambda: _open(store)))
            stack.push_async_callback(cluster.stop)
            await cluster.start()
            for part in background:
                await stack.enter_async_context(_running(part))
            yield

    return lasting


async def _open(store: HistoryStore) -> None:
    """Until it is open: the server starts, and says so, while its history is away."""
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
        await asyncio.wait([task])


def _report_failure(task: "asyncio.Future[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("a part of the server ended for good", exc_info=error)
