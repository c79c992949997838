"""The call for a task's summary: the newest records of a kind, each by an index."""

from collections.abc import Sequence
from typing import Final

from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.records.jobs import ENTITY, ScheduledJob
from jvscheduler.history.records.summaries import (
    ALWAYS,
    ENDED,
    FAILED,
    STARTED,
    TaskSummary,
    row_of_failures_begins,
)
from jvscheduler.history.store.calls import JOB_FIELDS, DatabaseCalls, Query
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Status

_LATEST: Final = parse_sort([("context.scheduled_time", -1)], JOB_FIELDS)


class SummaryCalls(DatabaseCalls):
    async def summary(self, namespace: str, task_id: str) -> TaskSummary:
        task: Query = {
            "context.namespace": namespace,
            "context.job_name": task_id,
            # A user's own entity of this name has none.
            "context.kubernetes_job": {"$gt": ""},
            "context.scheduled_time": {"$gt": to_text(ALWAYS)},
        }
        completed = await self._latest(task, [Status.COMPLETED])
        return TaskSummary(
            last_ended=await self._latest(task, ENDED),
            last_started=await self._latest(task, STARTED),
            last_completed=completed,
            last_failed=await self._latest(task, FAILED),
            consecutive_failures=await self._failures_since(task, completed),
        )

    async def _latest(self, task: Query, statuses: Sequence[Status]) -> ScheduledJob | None:
        jobs, _ = await self._find(_with_status(task, statuses), sort=_LATEST, limit=1)
        return jobs[0] if jobs else None

    async def _failures_since(self, task: Query, completed: ScheduledJob | None) -> int:
        since = {"context.scheduled_time": {"$gt": to_text(row_of_failures_begins(completed))}}
        where = parse({"entity": ENTITY, **_with_status(task, FAILED), **since}, JOB_FIELDS)
        (count,) = await self._call(lambda: self._rows.counts([where]))
        return count


def _with_status(task: Query, statuses: Sequence[Status]) -> Query:
    return {**task, "context.status": {"$in": [status.value for status in statuses]}}
