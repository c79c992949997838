"""The history in a database of jvspatial's, in jvspatial's format.

It uses jvspatial's database object and not its entities: those have no limit
or sort, drop rows that they cannot read, and save without looking whether
another process changed the row. A change is a compare-and-set on `revision`,
repeated when another writer was faster.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from jvspatial.core.context import GraphContext

from jvscheduler.history.backends.databases import HistoryDatabase
from jvscheduler.history.backends.rows import rows_of
from jvscheduler.history.backends.statements import slots_of, statements_of
from jvscheduler.history.entities.annotations import kinds_of
from jvscheduler.history.loop_calls import LoopCalls
from jvscheduler.history.queries.conditions import Sort
from jvscheduler.history.queries.parsing import entity_field, parse, parse_sort
from jvscheduler.history.records.jobs import (
    COLLECTION,
    ENTITY,
    ScheduledJob,
    decoded,
    from_record,
    to_context,
    to_record,
)
from jvscheduler.history.records.merge import may_run, merge, opened
from jvscheduler.history.store import Recent
from jvscheduler.history.times import to_text
from jvscheduler.history.unavailable import bounded
from jvscheduler.outcomes import Outcome, Status

CALL_SECONDS: Final = 10.0
T = TypeVar("T")
Query = dict[str, Any]

_FIELDS: Final = partial(entity_field, kinds=kinds_of(ScheduledJob))
_UNFINISHED: Final[Query] = {
    "context.status": {"$in": [Status.PENDING.value, Status.RUNNING.value]}
}
_NEWEST: Final = parse_sort([("context.execution_time", -1)], _FIELDS)


class JvspatialHistory(LoopCalls):
    """`name` is how messages call the database: its URL without the password."""

    def __init__(
        self,
        database: HistoryDatabase,
        name: str,
        *,
        create_indexes: bool = True,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        self._database = database
        self._rows = rows_of(database, COLLECTION)
        self._statements = statements_of(database, COLLECTION)
        self._slots = slots_of(database, COLLECTION)
        self._name = name
        self._create_indexes = create_indexes
        self._call_seconds = call_seconds

    async def open(self) -> None:
        """Pings first: jvspatial only logs that it could not create an index."""
        await self.ping()
        if self._create_indexes:
            await self._call(lambda: GraphContext(self._database).ensure_indexes(ScheduledJob))

    async def close(self) -> None:
        await self._call(self._database.close)

    async def ping(self) -> None:
        await self._call(lambda: self._database.get(COLLECTION, "o.ScheduledJob.ping"))

    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        return await self._call(lambda: self._claim(outcome))

    async def record(self, outcome: Outcome) -> None:
        await self._call(lambda: self._record(outcome))

    async def heartbeat(self, job_id: str, now: datetime) -> None:
        query = {"id": job_id, "context.status": Status.RUNNING.value}
        change = {"$set": {"context.heartbeat_time": to_text(now)}}
        await self._call(lambda: self._database.find_one_and_update(COLLECTION, query, change))

    async def unfinished(self) -> Sequence[ScheduledJob]:
        jobs, _ = await self._find(_UNFINISHED)
        return [job for job in jobs if job.is_ours]

    async def recent(self, since: datetime, status: Status | None, limit: int) -> Recent:
        query: Query = {"context.execution_time": {"$gte": to_text(since)}}
        if status is not None:
            query["context.status"] = status.value
        jobs, undecodable = await self._find(query, sort=_NEWEST, limit=limit)
        (total,) = await self._counts([query])
        return Recent(tuple(jobs), total, tuple(undecodable))

    async def counts(self) -> Mapping[Status, int]:
        queries: list[Query] = [{"context.status": status.value} for status in Status]
        return dict(zip(Status, await self._counts(queries), strict=True))

    async def _claim(self, outcome: Outcome) -> ScheduledJob | None:
        while True:
            job = await self._create(outcome)
            if job is None:
                return opened(outcome)
            if not may_run(job, outcome):
                return None
            merged = merge(job, outcome)
            if await self._replace(job, merged):
                return merged or job

    async def _record(self, outcome: Outcome) -> None:
        while True:
            job = await self._get(outcome.job_id) or await self._create(outcome)
            if job is None or await self._replace(job, merge(job, outcome)):
                return

    async def _create(self, outcome: Outcome) -> ScheduledJob | None:
        """The job that is there already; None when this call created it."""
        found = await self._rows.insert(to_record(opened(outcome)))
        return None if found is None else from_record(found)

    async def _get(self, job_id: str) -> ScheduledJob | None:
        record = await self._database.get(COLLECTION, job_id)
        return None if record is None else from_record(record)

    async def _replace(self, job: ScheduledJob, merged: ScheduledJob | None) -> bool:
        """Whether the record now says what `merged` says."""
        if merged is None:
            return True
        before, after = to_context(job), to_context(merged)
        changed = {f"context.{k}": v for k, v in after.items() if before[k] != v}
        query = {"id": job.id, "context.revision": job.revision}
        update = {"$set": changed}
        return await self._database.find_one_and_update(COLLECTION, query, update) is not None

    async def _find(
        self, query: Query, sort: Sequence[Sort] = (), limit: int | None = None
    ) -> tuple[list[ScheduledJob], list[str]]:
        where = parse({"entity": ENTITY, **query}, _FIELDS)
        return decoded(await self._call(lambda: self._rows.find(where, sort, limit, 0)))

    async def _counts(self, queries: Sequence[Query]) -> list[int]:
        wheres = [parse({"entity": ENTITY, **query}, _FIELDS) for query in queries]
        return await self._call(lambda: self._rows.counts(wheres))

    async def _call(self, operation: Callable[[], Awaitable[T]]) -> T:
        return await bounded(operation, self._name, self._call_seconds)
