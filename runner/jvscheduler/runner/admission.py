"""Asks the history whether this attempt may run. A history that is down stops no task."""

from datetime import UTC, datetime
from enum import Enum

from jvscheduler.errors import SchedulerError
from jvscheduler.history.store import HistoryStore
from jvscheduler.outcomes import Outcome
from jvscheduler.runner.limit import must_yield
from jvscheduler.runner.log import say


class Admission(Enum):
    RUN = "run"
    LOST = "lost"
    """Another runs or ran this job: its record is not ours to write."""
    OVER_LIMIT = "over limit"


async def admit(store: HistoryStore | None, claim: Outcome, max_concurrent: int) -> Admission:
    if store is None:
        return Admission.RUN
    try:
        if not await store.claim(claim):
            return Admission.LOST
        running = await store.running(claim.namespace, claim.task_id)
    except SchedulerError as error:
        say(f"running without a claim: {error}")
        return Admission.RUN
    over = must_yield(claim, running, max_concurrent, datetime.now(UTC))
    return Admission.OVER_LIMIT if over else Admission.RUN
