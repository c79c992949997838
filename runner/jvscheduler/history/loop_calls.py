"""The calls of a loop: many jobs in few statements, stretches, revisions, slots."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from jvscheduler.history.backends.rows import Rows
from jvscheduler.history.backends.statements import Change, Statements
from jvscheduler.history.entities.annotations import kinds_of
from jvscheduler.history.queries.parsing import entity_field, parse
from jvscheduler.history.records.claims import Allowed, claim_row, end_of_claim, steps
from jvscheduler.history.records.jobs import ENTITY, ScheduledJob, decoded, to_record
from jvscheduler.history.records.merge import may_run
from jvscheduler.history.records.revisions import ENTITY as REVISION
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.spans import by_first_instant, by_start, last_instants
from jvscheduler.history.records.stretches import accounted
from jvscheduler.history.slots.requests import SlotRequest, Slots
from jvscheduler.history.times import to_text
from jvscheduler.outcomes import Outcome, Status, Stretch

T = TypeVar("T")
Query = dict[str, Any]

_REVISION_FIELDS: Final = partial(entity_field, kinds=kinds_of(ScheduleRevision))


class LoopCalls(ABC):
    _rows: Rows
    _statements: Statements
    _slots: Slots

    @abstractmethod
    async def _call(self, operation: Callable[[], Awaitable[T]]) -> T: ...

    @abstractmethod
    async def _find(self, query: Query) -> tuple[list[ScheduledJob], list[str]]: ...

    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        won = await self._call(lambda: self._claim_all(outcomes)) if outcomes else set()
        return [outcome.job_id in won for outcome in outcomes]

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            await self._call(lambda: self._record_all(outcomes))

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None:
        running, beat = {"status": Status.RUNNING.value}, {"heartbeat_time": to_text(now)}
        changes = [Change(job_id, running, beat) for job_id in job_ids]
        if changes:
            await self._call(lambda: self._statements.change(changes))

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        rows = [to_record(accounted(stretch)) for stretch in stretches]
        if rows:
            await self._call(lambda: self._statements.insert(rows))

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        find = partial(self._statements.last_of, ENTITY, namespace, list(task_ids), to_text(until))
        return last_instants(decoded(await self._call(find))[0])

    async def jobs_between(
        self,
        namespace: str,
        task_id: str,
        start: datetime,
        end: datetime,
        *,
        begun_before: bool = True,
    ) -> Sequence[ScheduledJob]:
        after, within = to_text(start), {"$gt": to_text(start), "$lte": to_text(end)}
        kinds: list[Query] = [
            {"context.scheduled_time": within},
            {
                "context.scheduled_time": {"$lte": after},
                "context.last_scheduled_time": {"$gt": after},
            },
            {"context.scheduled_time": {"$exists": False}, "context.execution_time": within},
        ]
        if not begun_before:
            del kinds[1]
        task = {"context.job_name": task_id, "context.namespace": namespace}
        found = [(await self._find({**task, **kind}))[0] for kind in kinds]
        return by_first_instant(job for jobs in found for job in jobs if job.is_ours)

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        rows = [revision.to_row() for revision in revisions]
        if rows:
            await self._call(lambda: self._statements.insert(rows))

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        query: Query = {"entity": REVISION, "context.namespace": namespace}
        if task_ids is not None:
            query["context.job_name"] = {"$in": list(task_ids)}
        where = parse(query, _REVISION_FIELDS)
        rows = await self._call(lambda: self._rows.find(where, (), None, 0))
        return by_start(map(ScheduleRevision.from_row, rows))

    async def last_revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Mapping[str, ScheduleRevision]:
        return {r.job_name: r for r in await self.revisions(namespace, task_ids)}

    async def tasks(self, namespace: str | None = None) -> Sequence[tuple[str, str]]:
        of = {} if namespace is None else {"context.namespace": namespace}
        where = parse({"entity": REVISION, **of}, _REVISION_FIELDS)
        fields = [_REVISION_FIELDS(name) for name in ("namespace", "job_name")]
        found = await self._call(lambda: self._rows.distinct(where, fields))
        return [(str(namespace), str(task_id)) for namespace, task_id in found]

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        if not requests:
            return []
        return await self._call(lambda: self._slots.acquire_slots(requests, now))

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        if holders:
            await self._call(lambda: self._slots.extend_slots(holders, now))

    async def release_slots(self, holders: Sequence[str]) -> None:
        if holders:
            await self._call(lambda: self._slots.release_slots(holders))

    async def _claim_all(self, outcomes: Sequence[Outcome]) -> set[str]:
        won = set(await self._statements.insert([claim_row(outcome) for outcome in outcomes]))
        late = [outcome for outcome in outcomes if outcome.job_id not in won]
        return won | await self._tell(late, may_run)

    async def _record_all(self, outcomes: Sequence[Outcome]) -> None:
        ends = [end_of_claim(outcome) for outcome in outcomes if outcome.status.is_final]
        done = await self._statements.change(ends) if ends else set()
        rest = [outcome for outcome in outcomes if outcome.job_id not in done]
        await self._tell(rest, lambda _job, _outcome: True)

    async def _tell(self, outcomes: Sequence[Outcome], allowed: Allowed) -> set[str]:
        """The jobs whose record says so now; repeated for those that another writer changed."""
        told: set[str] = set()
        while outcomes:
            rows = await self._statements.get([outcome.job_id for outcome in outcomes])
            made = steps(outcomes, rows, allowed)
            done = made.settled
            if made.inserts:
                done |= await self._statements.insert(made.inserts)
            if made.changes:
                done |= await self._statements.change(made.changes)
            told |= done
            outcomes = [o for o in outcomes if o.job_id not in done | made.refused]
        return told
