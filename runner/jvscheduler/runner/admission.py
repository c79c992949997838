"""Asks the history whether this attempt may run. A history that is down stops no task."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from jvscheduler.errors import SchedulerError
from jvscheduler.history.store import HistoryStore
from jvscheduler.outcomes import Outcome
from jvscheduler.runner.limit import must_yield
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


async def admit(store: HistoryStore | None, claim: Outcome, max_concurrent: int) -> Admission:
    if store is None:
        return Admission(Verdict.RUN)
    try:
        if not await store.claim(claim):
            return Admission(Verdict.LOST)
        active = await store.active(claim.namespace, claim.task_id)
    except SchedulerError as error:
        say(f"running without a claim: {error}")
        return Admission(Verdict.RUN)
    if must_yield(claim, active, max_concurrent, datetime.now(UTC)):
        return Admission(Verdict.OVER_LIMIT)
    own = [job for job in active if job.id == claim.job_id]
    return Admission(Verdict.RUN, len(own[0].attempts) - 1 if own else 0)
