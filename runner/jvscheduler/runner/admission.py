"""Asks the history whether this attempt may run. A history that is down stops no task.

The claim comes before the slot: who has lost the instant must not hold, even
for a moment, the place that the winner needs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from jvscheduler.errors import SchedulerError
from jvscheduler.history.slots import SlotRequest
from jvscheduler.history.store import LoopStore
from jvscheduler.outcomes import Outcome
from jvscheduler.runner.log import say


class Verdict(Enum):
    RUN = "run"
    LOST = "lost"
    """Another runs or ran this job: its record is not ours to write."""
    OVER_LIMIT = "over limit"


@dataclass(frozen=True)
class Admission:
    """`earlier_attempts` are those of the job before this one, as far as the history knows."""

    verdict: Verdict
    earlier_attempts: int = 0


async def admit(store: LoopStore | None, claim: Outcome, max_concurrent: int) -> Admission:
    if store is None:
        return Admission(Verdict.RUN)
    try:
        job = await store.claim(claim)
        if job is None:
            return Admission(Verdict.LOST)
        (given,) = await store.acquire_slots([_request(claim, max_concurrent)], datetime.now(UTC))
    except SchedulerError as error:
        say(f"running without a claim or a slot: {error}")
        return Admission(Verdict.RUN)
    return Admission(Verdict.RUN if given else Verdict.OVER_LIMIT, len(job.attempts) - 1)


def _request(claim: Outcome, max_concurrent: int) -> SlotRequest:
    return SlotRequest(
        claim.namespace, claim.task_id, max_concurrent, claim.attempt_id, claim.job_id
    )
