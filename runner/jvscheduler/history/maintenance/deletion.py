"""What of the history is old enough to go.

A task that seldom runs keeps its last jobs, however old: they tell that it
works. Jobs that have not ended are kept. Deleting goes in small transactions
and remembers nothing, so that it may be stopped and started at any time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Status

_NEWEST = [("context.execution_time", -1)]
_FINAL = [status.value for status in Status if status.is_final]


@dataclass(frozen=True)
class Pruned:
    deleted: int
    tasks: int
    """Those of which something was deleted."""


async def prune(before: datetime, keep_last: int) -> Pruned:
    """Deletes ended jobs that began before that time, but never a task's last ones."""
    old = {"context.status": {"$in": _FINAL}, "context.execution_time": {"$lt": before}}
    deleted = [
        await _prune_task(
            {"context.namespace": namespace, "context.job_name": task}, old, keep_last
        )
        for namespace, task in await ScheduledJob.distinct(["namespace", "job_name"], old)
    ]
    return Pruned(sum(deleted), sum(1 for number in deleted if number))


async def _prune_task(task: dict[str, Any], old: dict[str, Any], keep_last: int) -> int:
    queries = [task, old]
    if keep_last:
        last = await ScheduledJob.find(task, sort=_NEWEST, skip=keep_last - 1, limit=1)
        if not last or last[0].execution_time is None:
            return 0
        queries.append({"context.execution_time": {"$lt": last[0].execution_time}})
    return (await ScheduledJob.delete_many({"$and": queries})).deleted_count
