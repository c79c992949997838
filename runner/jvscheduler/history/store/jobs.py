"""The calls for one job at a time, and for lists of jobs.

They use jvspatial's database and not its entities: those have no limit or sort, drop rows
that they cannot read, and save without a look at what another process wrote. Here a change is
a compare-and-set on the record's `revision`, repeated when another writer was faster.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.records.jobs import (
    COLLECTION,
    ENTITY,
    ScheduledJob,
    from_record,
    to_context,
    to_record,
)
from jvscheduler.history.records.merge import first_record, may_run, merge
from jvscheduler.history.records.unstarted import UnstartedJob, first_unstarted, merge_unstarted
from jvscheduler.history.store.calls import JOB_FIELDS, DatabaseCalls, Query
from jvscheduler.history.store.protocol import Recent
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Outcome, Status

_UNFINISHED: Final[Query] = {
    "context.status": {"$in": [Status.PENDING.value, Status.RUNNING.value]}
}
_NEWEST: Final = parse_sort([("context.execution_time", -1)], JOB_FIELDS)


class JobCalls(DatabaseCalls):
    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        return await self._call(lambda: self._claim(outcome))

    async def record(self, outcome: Outcome) -> None:
        first = first_record(outcome)
        await self._call(lambda: self._record(first, lambda job: merge(job, outcome)))

    async def record_unstarted(self, job: UnstartedJob) -> None:
        first = first_unstarted(job)
        await self._call(lambda: self._record(first, lambda known: merge_unstarted(known, job)))

    async def heartbeat(self, job_id: str, now: datetime) -> None:
        query = {"id": job_id, "context.status": Status.RUNNING.value}
        update = {"$set": {"context.heartbeat_time": to_text(now)}}
        await self._call(lambda: self._database.find_one_and_update(COLLECTION, query, update))

    async def unfinished(self) -> Sequence[ScheduledJob]:
        jobs, _ = await self._find(_UNFINISHED)
        return [job for job in jobs if job.is_ours]

    async def recent(
        self,
        since: datetime,
        status: Status | None,
        limit: int,
        namespaces: Collection[str] | None = None,
    ) -> Recent:
        query: Query = {"context.execution_time": {"$gte": to_text(since)}} | _of(namespaces)
        if status is not None:
            query["context.status"] = status.value
        jobs, undecodable = await self._find(query, sort=_NEWEST, limit=limit)
        (total,) = await self._counts([query])
        return Recent(tuple(jobs), total, tuple(undecodable))

    async def counts(self, namespaces: Collection[str] | None = None) -> Mapping[Status, int]:
        own = _of(namespaces)
        queries: list[Query] = [{"context.status": status.value} | own for status in Status]
        return dict(zip(Status, await self._counts(queries), strict=True))

    async def _counts(self, queries: Sequence[Query]) -> list[int]:
        wheres = [parse({"entity": ENTITY, **query}, JOB_FIELDS) for query in queries]
        return await self._call(lambda: self._rows.counts(wheres))

    async def _claim(self, outcome: Outcome) -> ScheduledJob | None:
        while True:
            # The insert is the claim: when many processes insert at once, one of them wins.
            first = first_record(outcome)
            job = await self._create(first)
            if job is None:
                return first
            if not may_run(job, outcome):
                return None
            merged = merge(job, outcome)
            if await self._replace(job, merged):
                return merged or job

    async def _record(
        self, first: ScheduledJob, merged: Callable[[ScheduledJob], ScheduledJob | None]
    ) -> None:
        """Create the record `first`, or change the one that exists to what `merged` returns."""
        while True:
            job = await self._get(first.id) or await self._create(first)
            if job is None or await self._replace(job, merged(job)):
                return

    async def _create(self, first: ScheduledJob) -> ScheduledJob | None:
        """Create the job's record. Returns the job that exists already, else None."""
        existing = await self._rows.insert(to_record(first))
        return None if existing is None else from_record(existing)

    async def _get(self, job_id: str) -> ScheduledJob | None:
        record = await self._database.get(COLLECTION, job_id)
        return None if record is None else from_record(record)

    async def _replace(self, job: ScheduledJob, merged: ScheduledJob | None) -> bool:
        """True when the record now is as `merged`; False when another writer changed it first."""
        if merged is None:
            return True
        before, after = to_context(job), to_context(merged)
        # Only what differs is set: fields that a later version stores stay as they are.
        changed = {f"context.{k}": v for k, v in after.items() if before[k] != v}
        query = {"id": job.id, "context.revision": job.revision}
        update = {"$set": changed}
        return await self._database.find_one_and_update(COLLECTION, query, update) is not None


def _of(namespaces: Collection[str] | None) -> Query:
    return {} if namespaces is None else {"context.namespace": {"$in": sorted(namespaces)}}
