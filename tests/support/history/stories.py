"""Stretches, revisions and jobs around noon, for tests of a loop's store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.presences import SchedulerPresence
from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.names import presence_id, scheduled_job_id
from jvscheduler.outcomes import Outcome, Reason, Status, Stretch
from tests.support.history.outcomes import NOON, begun, of_job

MakeLoopStore = Callable[[], LoopStore]

RESTOCK = "shop.tasks.restock"
REPORT = "shop.tasks.report"


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def stretch(first: float, last: float | None = None, count: int = 1, **changes: Any) -> Stretch:
    base = Stretch(
        task_id=RESTOCK,
        namespace="shop",
        name="shop-tasks-restock",
        status=Status.MISSED,
        reason=Reason.LOOP_DOWN,
        message="no loop ran",
        first=minutes(first),
        last=minutes(first if last is None else last),
        count=count,
    )
    return replace(base, **changes)


def revision(number: float, **changes: Any) -> ScheduleRevision:
    fields = {"job_name": RESTOCK, "namespace": "shop", "schedule": "* * * * *"} | changes
    return identified(ScheduleRevision(**fields), minutes(number))


def presence(key: str, **changes: Any) -> SchedulerPresence:
    """A scheduler that has served the restock task until noon, and was not heard of since."""
    fields: dict[str, Any] = {"namespace": "shop", "tasks": [RESTOCK], "heartbeat_time": NOON}
    return SchedulerPresence(id=presence_id("shop", key), **(fields | changes))


def of_report(number: int) -> Outcome:
    key = scheduled_job_id("shop", REPORT, minutes(number))
    return of_job(number, task_id=REPORT, job_id=key, job_name=f"shop-tasks-report-{number}")


def manual(name: str, start: datetime) -> Outcome:
    changes = {"job_name": name, "attempt_id": f"pod-{name}", "scheduled_time": None}
    return begun(job_id=f"o.ScheduledJob.{name}", start_time=start, **changes)


async def all_of(store: LoopStore) -> list[ScheduledJob]:
    return list(await store.jobs_between(between(-1000, 1000)))


def between(start: float, end: float, **options: bool) -> InstantRange:
    """The instants of the restock task between two minutes after noon."""
    return InstantRange("shop", RESTOCK, minutes(start), minutes(end), **options)
