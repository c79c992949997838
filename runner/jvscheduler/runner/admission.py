"""Ask the history whether this attempt may run: claim its job, then acquire a slot of its task.

A history that is down stops no task. It delays the task by some seconds, whether it refuses the
connection or does not answer: a database that restarts is back by then, and only the database knows
whether the limit allows another job. A history that has no connection left delays it by at most a
minute: it is there, and the next one may be free in a moment.
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
from jvscheduler.runner.calls import answered
from jvscheduler.runner.settings import PodAttempt

PATIENCE_SECONDS: Final = 10.0
"""An attempt waits this long for a history that is down; then it runs without claim and slot."""
PAUSE_SECONDS: Final = 1.0
"""The pause between two tries."""


class AdmissionDecision(Enum):
    RUN = "run"
    ALREADY_CLAIMED = "already claimed"
    """Another attempt runs or ran this job: its record is not ours to write."""
    OVER_LIMIT = "over limit"


@dataclass(frozen=True)
class Admission:
    decision: AdmissionDecision
    earlier_attempts: int = 0
    """The job's attempts before this one, as far as the history knows."""
    is_unclaimed: bool = False
    """True when the attempt runs although the history has neither its claim nor its slot."""


async def admit(store: LoopStore | None, attempt: PodAttempt, stop: asyncio.Event) -> Admission:
    """Claim the job and acquire a slot. Once `stop` is set, do not wait for the history."""
    if store is None:
        return Admission(AdmissionDecision.RUN)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await answered(_claim_and_acquire(store, attempt), stop)
        except SchedulerError as error:
            is_temporary = isinstance(error, TemporaryError)
            if not is_temporary or stop.is_set() or time.monotonic() > deadline:
                say(f"running without a claim or a slot: {error}")
                # A permanent error, such as a wrong password, would come again with each heartbeat.
                return Admission(AdmissionDecision.RUN, is_unclaimed=is_temporary)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)


async def claim_while_running(store: LoopStore, attempt: PodAttempt) -> bool:
    """Claim the job of an attempt that runs already, and acquire a slot for it.

    True when nothing is left to do: both are done, or the job was claimed by another attempt.
    False when no slot is free; the attempt goes on all the same.
    """
    admission = await _claim_and_acquire(store, attempt)
    return admission.decision is not AdmissionDecision.OVER_LIMIT


async def _claim_and_acquire(store: LoopStore, attempt: PodAttempt) -> Admission:
    # The claim comes first. Otherwise an attempt whose job was claimed by another one would hold a
    # slot for a moment, and the other one, which may run, could be skipped for lack of it.
    job = await store.claim(attempt.claim)
    if job is None:
        return Admission(AdmissionDecision.ALREADY_CLAIMED)
    (acquired,) = await store.acquire_slots([_slot_request(attempt)], datetime.now(UTC))
    decision = AdmissionDecision.RUN if acquired else AdmissionDecision.OVER_LIMIT
    return Admission(decision, len(job.attempts) - 1)


def _slot_request(attempt: PodAttempt) -> SlotRequest:
    claim = attempt.claim
    return SlotRequest(
        claim.namespace, claim.task_id, attempt.max_concurrent, claim.attempt_id, claim.job_id
    )
