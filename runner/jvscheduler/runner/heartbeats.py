"""Report to the history every ten seconds that the attempt is alive.

An attempt that began while the history was down has neither a claim nor a slot. It gets both with
the first heartbeat that succeeds, so that the limit holds for the jobs that start after it.

Between two heartbeats it holds no connection.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from jvscheduler.attempt.log import say
from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.runner.admission import claim_while_running
from jvscheduler.runner.calls import disconnect
from jvscheduler.runner.settings import PodAttempt

HEARTBEAT_SECONDS: Final = 10.0
"""A slot expires after 25 s without a heartbeat, so one heartbeat may be lost."""


@contextlib.asynccontextmanager
async def heartbeats(
    store: LoopStore | None, attempt: PodAttempt, *, is_unclaimed: bool = False
) -> AsyncIterator[None]:
    """Send heartbeats until the context is left."""
    if store is None:
        yield
        return
    beating = asyncio.create_task(_beat(store, attempt, is_unclaimed))
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat(store: LoopStore, attempt: PodAttempt, is_unclaimed: bool) -> None:
    claim = attempt.claim
    while True:
        await disconnect(store)
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            if is_unclaimed and await claim_while_running(store, attempt):
                is_unclaimed = False
            await store.heartbeat(claim.job_id, datetime.now(UTC))
            await store.extend_slots([claim.attempt_id], datetime.now(UTC))
        except SchedulerError as error:
            say(f"no heartbeat: {error}")
