"""The calls of the API: lists without details, and one job with all of them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from jvscheduler.history.errors import UndecodableRecord
from jvscheduler.history.queries.conditions import Condition
from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.records.jobs import ENTITY, ScheduledJob, decoded
from jvscheduler.history.records.listings import DETAILS, JobFilter, JobPage, Position, page_of
from jvscheduler.history.store.calls import JOB_FIELDS, DatabaseCalls, Query
from jvscheduler.history.times import to_text
from jvscheduler.names import is_job_id
from jvscheduler.outcomes import Status

_NEWEST: Final = parse_sort([("context.execution_time", -1), ("id", 1)], JOB_FIELDS)
_LEFT_OUT: Final = tuple(f"context.{name}" for name in DETAILS)
_RUNNING: Final = parse(
    {
        "entity": ENTITY,
        "context.status": Status.RUNNING.value,
        "context.kubernetes_job": {"$gt": ""},  # without the records that users wrote
    },
    JOB_FIELDS,
)
_IDS: Final = 500
"""How many ids one query asks for."""
_SAME_ID: Final = 100
"""How many rows with one id are looked at, in the tables of that many namespaces."""
_TASK_AND_ID: Final = (JOB_FIELDS("namespace"), JOB_FIELDS("job_name"), JOB_FIELDS("id"))


class ListingCalls(DatabaseCalls):
    async def newest(self, wanted: JobFilter, limit: int, after: Position | None = None) -> JobPage:
        begin = after or Position()
        query: Query = {"entity": ENTITY, **_query(wanted), **_beyond(begin)}
        where = parse(query, JOB_FIELDS)
        rows = await self._call(
            lambda: self._rows.find(where, _NEWEST, limit, begin.skip, without=_LEFT_OUT)
        )
        return page_of(rows, limit, begin)

    async def total(self, wanted: JobFilter) -> int:
        where = parse({"entity": ENTITY, **_query(wanted)}, JOB_FIELDS)
        (number,) = await self._call(lambda: self._rows.counts([where]))
        return number

    async def jobs_with_id(self, job_id: str) -> Sequence[ScheduledJob]:
        where = parse({"entity": ENTITY, "id": job_id}, JOB_FIELDS)
        jobs, undecodable = decoded(
            await self._call(lambda: self._rows.find(where, (), _SAME_ID, 0))
        )
        if undecodable and not jobs:
            raise UndecodableRecord(f"row {job_id} is not a valid job record; repair or delete it")
        return jobs

    async def with_record(self, job_ids: Collection[str]) -> Collection[str]:
        found: set[str] = set()
        ordered = sorted(job_ids)
        for start in range(0, len(ordered), _IDS):
            query: Query = {"entity": ENTITY, "id": {"$in": ordered[start : start + _IDS]}}
            found |= {job_id for _, _, job_id in await self._own(parse(query, JOB_FIELDS))}
        return found

    async def running(self) -> Mapping[tuple[str, str], int]:
        own = await self._own(_RUNNING)
        return Counter((namespace, task_id) for namespace, task_id, _ in own)

    async def _own(self, where: Condition) -> Sequence[tuple[str, str, str]]:
        """Namespace, task id and id of the rows whose id is of their own namespace and task.

        Whoever may write in one namespace can write a row with the id of another one's job.
        """
        rows = await self._call(lambda: self._rows.distinct(where, _TASK_AND_ID))
        named = [row for row in rows if all(isinstance(value, str) for value in row)]
        return [(n, task, row_id) for n, task, row_id in named if is_job_id(row_id, n, task)]


def _query(wanted: JobFilter) -> Query:
    query: Query = {"context.execution_time": {"$gte": to_text(wanted.since)}}
    if wanted.status is not None:
        query["context.status"] = wanted.status.value
    if wanted.namespaces is not None:
        query["context.namespace"] = {"$in": sorted(wanted.namespaces)}
    return query


def _beyond(after: Position) -> Query:
    if after.execution_time is None:
        return {}
    time = to_text(after.execution_time)
    # The first part alone says enough for an index, which the `$or` does not.
    later = {"context.execution_time": {"$lte": time}}
    or_same = [{"context.execution_time": {"$lt": time}}, {"id": {"$gt": after.job_id}}]
    return {"$and": [later, {"$or": or_same}]}
