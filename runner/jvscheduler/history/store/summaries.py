"""The call for a task's summary: the newest records of a kind, each by an index."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.records.jobs import ENTITY, ScheduledJob, decoded
from jvscheduler.history.records.summaries import (
    ALWAYS,
    ENDED,
    FAILED,
    MOST,
    STARTED,
    TaskSummary,
    row_of_failures_begins,
)
from jvscheduler.history.store.calls import JOB_FIELDS, DatabaseCalls, Query
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Reason, Status

_LATEST: Final = parse_sort([("context.scheduled_time", -1)], JOB_FIELDS)

_NOT_REPLACED: Final[Query] = {"context.reason": {"$ne": Reason.REPLACED.value}}


class SummaryCalls(DatabaseCalls):
    async def summary(self, namespace: str, task_id: str, most: int = MOST) -> TaskSummary:
        task: Query = {
            "context.namespace": namespace,
            "context.job_name": task_id,
            # A user's own entity of this name has none.
            "context.kubernetes_job": {"$gt": ""},
            "context.scheduled_time": {"$gt": to_text(ALWAYS)},
        }
        task["context.scheduled_time"] = {"$gt": to_text(await self._before(task, most))}
        completed = await self._latest(task, [Status.COMPLETED])
        return TaskSummary(
            last_ended=await self._latest(task, ENDED),
            last_started=await self._latest(task, STARTED),
            last_completed=completed,
            last_failed=await self._latest({**task, **_NOT_REPLACED}, FAILED),
            consecutive_failures=await self._failures_since(task, completed),
        )

    async def _before(self, task: Query, most: int) -> datetime:
        """The instant of the record before the newest ones; ALWAYS when there are no more."""
        where = parse({"entity": ENTITY, **task}, JOB_FIELDS)
        rows = await self._call(lambda: self._rows.find(where, _LATEST, 1, most))
        jobs, _ = decoded(rows)
        return (jobs[0].scheduled_time if jobs else None) or ALWAYS

    async def _latest(self, task: Query, statuses: Sequence[Status]) -> ScheduledJob | None:
        jobs, _ = await self._find(_with_status(task, statuses), sort=_LATEST, limit=1)
        return jobs[0] if jobs else None

    async def _failures_since(self, task: Query, completed: ScheduledJob | None) -> int:
        since: Query = {}
        if completed is not None:
            begin = row_of_failures_begins(completed)
            since = {"context.scheduled_time": {"$gt": to_text(begin)}}
        where = parse(
            {"entity": ENTITY, **_with_status(task, FAILED), **_NOT_REPLACED, **since}, JOB_FIELDS
        )
        (count,) = await self._call(lambda: self._rows.counts([where]))
        return count


def _with_status(task: Query, statuses: Sequence[Status]) -> Query:
    return {**task, "context.status": {"$in": [status.value for status in statuses]}}
