"""Outcomes for tests: of one job that starts at noon, with the changes that a case needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jvscheduler.names import scheduled_job_id
from jvscheduler.outcomes import Outcome, Reason, Status

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def begun(**changes: Any) -> Outcome:
    base = Outcome(
        job_id=scheduled_job_id("shop", "shop.tasks.restock", NOON),
        task_id="shop.tasks.restock",
        namespace="shop",
        job_name="shop-tasks-restock-29540880",
        attempt_id="pod-a",
        status=Status.RUNNING,
        scheduled_time=NOON,
        start_time=NOON + timedelta(seconds=1),
    )
    return replace(base, **changes)


def completed(outcome: Outcome, **changes: Any) -> Outcome:
    return _ended(outcome, Status.COMPLETED, changes)


def failed(outcome: Outcome, **changes: Any) -> Outcome:
    fields = {
        "reason": Reason.TASK_RAISED,
        "error_message": "ValueError: no stock",
        "traceback": "Traceback (most recent call last): …",
    }
    return _ended(outcome, Status.FAILED, fields | changes)


def timed_out(outcome: Outcome, **changes: Any) -> Outcome:
    return _ended(outcome, Status.TIMEOUT, {"reason": Reason.DEADLINE_EXCEEDED} | changes)


def of_job(number: int, **changes: Any) -> Outcome:
    """The claim of another job of the task, `number` minutes after noon."""
    time = NOON + timedelta(minutes=number)
    task = changes.get("namespace", "shop"), changes.get("task_id", "shop.tasks.restock")
    base = begun(
        job_id=scheduled_job_id(*task, time),
        job_name=f"shop-tasks-restock-{29540880 + number}",
        attempt_id=f"pod-{number}",
        scheduled_time=time,
        start_time=time + timedelta(seconds=1),
    )
    return replace(base, **changes)


def _ended(outcome: Outcome, status: Status, changes: dict[str, Any]) -> Outcome:
    end = outcome.start_time + timedelta(seconds=2)
    ended = replace(outcome, status=status, completion_time=end)
    return replace(ended, **changes)
