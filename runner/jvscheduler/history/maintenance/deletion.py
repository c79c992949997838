"""Deletes old jobs of the history.

The last jobs of a task are kept, however old: for a task that runs seldom they are the only sign
that it works. Jobs that have not ended are kept. Jobs are deleted in small transactions, and
nothing is remembered between them: pruning may be stopped and started again at any time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Status

_NEWEST = [("context.execution_time", -1)]
_SEARCHED = 20
"""Rows in which to look for the oldest job that is kept."""
_FINAL = [status.value for status in Status if status.is_final]


@dataclass(frozen=True)
class Pruned:
    deleted: int
    """How many jobs were deleted."""
    tasks: int
    """How many tasks they were of."""


async def prune(before: datetime, keep_last: int) -> Pruned:
    """Delete ended jobs that began before this time, except the last ones of each task."""
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
        # More than one, because a row that is no valid entity is left out of the answer.
        skip = keep_last - 1
        oldest_kept = await ScheduledJob.find(task, sort=_NEWEST, skip=skip, limit=_SEARCHED)
        if not oldest_kept or oldest_kept[0].execution_time is None:
            return 0  # the task has no more jobs than are kept
        queries.append({"context.execution_time": {"$lt": oldest_kept[0].execution_time}})
    return (await ScheduledJob.delete_many({"$and": queries})).deleted_count
