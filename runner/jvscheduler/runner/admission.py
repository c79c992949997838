"""Asks the history whether this attempt may run. A history that is down stops no task.

It delays one for some seconds, whether it refuses or is silent: a database that
restarts is back by then, and only it knows what the limit allows.

The claim comes before the slot: who has lost the instant must not hold, even
for a moment, the place that the winner needs.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from jvscheduler.attempt.log import say
from jvscheduler.errors import SchedulerError, TemporaryError
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Outcome

PATIENCE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 1.0


class Verdict(Enum):
    RUN = "run"
    LOST = "lost"
    """Another runs or ran this job: its record is not ours to write."""
    OVER_LIMIT = "over limit"


@dataclass(frozen=True)
class Admission:
    """`earlier_attempts` are those of the job before this one, as far as the history knows;
    `owed`: it was away, and knows neither of the claim nor of the slot."""

    verdict: Verdict
    earlier_attempts: int = 0
    owed: bool = False


async def admit(
    store: LoopStore | None, claim: Outcome, max_concurrent: int, stop: asyncio.Event
) -> Admission:
    """Once `stop` is set nothing is waited for."""
    if store is None:
        return Admission(Verdict.RUN)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await _ask(store, claim, max_concurrent)
        except SchedulerError as error:
            is_temporary = isinstance(error, TemporaryError)
            if not is_temporary or stop.is_set() or time.monotonic() > deadline:
                say(f"running without a claim or a slot: {error}")
                return Admission(Verdict.RUN, owed=is_temporary)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)


async def is_settled(store: LoopStore, claim: Outcome, max_concurrent: int) -> bool:
    """Whether an attempt that runs already has its claim and a slot now, or the job is another's.

    While there is no slot it runs all the same.
    """
    return (await _ask(store, claim, max_concurrent)).verdict is not Verdict.OVER_LIMIT


async def _ask(store: LoopStore, claim: Outcome, max_concurrent: int) -> Admission:
    job = await store.claim(claim)
    if job is None:
        return Admission(Verdict.LOST)
    (given,) = await store.acquire_slots([_request(claim, max_concurrent)], datetime.now(UTC))
    return Admission(Verdict.RUN if given else Verdict.OVER_LIMIT, len(job.attempts) - 1)


def _request(claim: Outcome, max_concurrent: int) -> SlotRequest:
    return SlotRequest(
        claim.namespace, claim.task_id, max_concurrent, claim.attempt_id, claim.job_id
    )
