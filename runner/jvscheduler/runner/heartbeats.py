"""Says that an attempt lives, as long as it does.

Where the history was away when it began, that has neither its claim nor its slot:
it is told of both as soon as it answers, so that the jobs after this one know of it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from jvscheduler.attempt.log import say
from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Outcome
from jvscheduler.runner.admission import is_settled

HEARTBEAT_SECONDS: Final = 10.0


@contextlib.asynccontextmanager
async def heartbeats(
    store: LoopStore | None, claim: Outcome, owed_under: int | None = None
) -> AsyncIterator[None]:
    """`owed_under` is the task's limit, when the attempt runs without claim and slot."""
    if store is None:
        yield
        return
    beating = asyncio.create_task(_beat(store, claim, owed_under))
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


async def _beat(store: LoopStore, claim: Outcome, owed_under: int | None) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            if owed_under is not None and await is_settled(store, claim, owed_under):
                owed_under = None
            await store.heartbeat(claim.job_id, datetime.now(UTC))
            await store.extend_slots([claim.attempt_id], datetime.now(UTC))
        except SchedulerError as error:
            say(f"no heartbeat: {error}")
