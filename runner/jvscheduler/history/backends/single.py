"""Many rows one by one, on any database of jvspatial's that changes a single one atomically.

Slower than a statement for all, and right. A slot that is released is not
deleted but expires at once: nothing here deletes a row only if it is as expected.
"""

import asyncio
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any, Final

from jvspatial.db.database import Database

from jvscheduler.history.backends.seam import Change
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.slots.offers import ENTITY, TaskSlot
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.slots.rounds import acquired
from jvscheduler.history.times import to_text

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SingleStatements:
    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    async def insert(self, rows: Sequence[Row]) -> Set[str]:
        insert = self._database.insert_if_absent
        done = await asyncio.gather(*(insert(self._collection, row) for row in rows))
        return {str(row["id"]) for row, one in zip(rows, done, strict=True) if one.created}

    async def get(self, ids: Sequence[str]) -> list[Row]:
        found = await asyncio.gather(*(self._database.get(self._collection, key) for key in ids))
        return [row for row in found if row is not None]

    async def change(self, changes: Sequence[Change]) -> Set[str]:
        done = await asyncio.gather(*(self._changed(change) for change in changes))
        return {change.id for change, one in zip(changes, done, strict=True) if one}

    async def last_of(
        self, entity: str, namespace: str, tasks: Sequence[str], until: str
    ) -> list[Row]:
        found = await asyncio.gather(
            *(self._last(entity, namespace, task, until) for task in tasks)
        )
        return [row for rows in found for row in rows]

    async def find(self, query: Row) -> list[Row]:
        return list(await self._database.find(self._collection, query))

    async def update(self, query: Row, values: Row) -> bool:
        """Whether there was one, which now has these."""
        update = {"$set": values}
        return bool(await self._database.find_one_and_update(self._collection, query, update))

    async def _changed(self, change: Change) -> bool:
        return await self.update(
            {"id": change.id, **_paths(change.expected)}, _paths(change.values)
        )

    async def _last(self, entity: str, namespace: str, task: str, until: str) -> list[Row]:
        begun = {"$ne": None, "$lte": until}
        query = _paths({"namespace": namespace, "job_name": task, "scheduled_time": begun})
        newest = [("context.scheduled_time", -1)]
        find = self._database.find
        return list(await find(self._collection, {"entity": entity, **query}, sort=newest, limit=1))


class SingleSlots:
    def __init__(self, statements: SingleStatements) -> None:
        self._statements = statements

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        return await acquired(requests, now, self._held, self._take)

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        await self._expire(holders, now + EXPIRY)

    async def release_slots(self, holders: Sequence[str]) -> None:
        await self._expire(holders, _LONG_AGO)

    async def _expire(self, holders: Sequence[str], time: datetime) -> None:
        rows = await self._statements.find(
            {"entity": ENTITY, "context.holder": {"$in": list(holders)}}
        )
        expiry = {"expiry_time": to_text(time)}
        held = [Change(row["id"], {"holder": row["context"]["holder"]}, expiry) for row in rows]
        await self._statements.change(held)

    async def _held(self, requests: Sequence[SlotRequest]) -> list[TaskSlot]:
        tasks = [request.task_id for request in requests]
        rows = await self._statements.find({"entity": ENTITY, "context.job_name": {"$in": tasks}})
        return [TaskSlot.from_row(row) for row in rows]

    async def _take(self, slots: Sequence[TaskSlot], now: datetime) -> Set[str]:
        taken = set(await self._statements.insert([slot.to_row() for slot in slots]))
        for slot in slots:
            expired = {"context.expiry_time": {"$lte": to_text(now)}}
            query = {"id": slot.id, "$or": [expired, {"context.owner": slot.owner}]}
            values = {"context": slot.to_row()["context"]}
            if slot.id not in taken and await self._statements.update(query, values):
                taken.add(slot.id)
        return taken


def _paths(fields: Mapping[str, Any]) -> Row:
    return {f"context.{name}": value for name, value in fields.items()}
