"""Runs a story on a history store that is opened before it and closed after it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jvscheduler.history.store.protocol import HistoryStore

S = TypeVar("S", bound=HistoryStore)


def run_story(make_store: Callable[[], S], story: Callable[[S], Awaitable[None]]) -> None:
    async def opened() -> None:
        store = make_store()
        await store.open()
        try:
            await story(store)
        finally:
            await store.close()

    asyncio.run(opened())
