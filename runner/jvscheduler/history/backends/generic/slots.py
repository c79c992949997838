"""Slots on any jvspatial database that changes one row atomically.

A released slot is not deleted but expires at once: jvspatial has no call that deletes a row
only while it is as expected. A delete could remove a slot that another job has just taken.
"""

from collections.abc import Sequence, Set
from datetime import UTC, datetime
from typing import Final

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.backends.generic.statements import GenericStatements
from jvscheduler.history.decoding import each_decoded
from jvscheduler.history.slots.acquiring import acquire
from jvscheduler.history.slots.choice import ENTITY, TaskSlot
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.times import to_text

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class GenericSlots:
    def __init__(self, statements: GenericStatements) -> None:
        self._statements = statements

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        return await acquire(requests, now, self._held, self._take)

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        await self._expire(holders, now + EXPIRY)

    async def release_slots(self, holders: Sequence[str]) -> None:
        await self._expire(holders, _LONG_AGO)

    async def _expire(self, holders: Sequence[str], time: datetime) -> None:
        rows = await self._statements.find(
            {"entity": ENTITY, "context.holder": {"$in": list(holders)}}
        )
        expiry = {"expiry_time": to_text(time)}
        slots, _ = each_decoded(rows, TaskSlot.from_row)
        held = [RowChange(slot.id, {"holder": slot.holder}, expiry) for slot in slots]
        await self._statements.change(held)

    async def _held(self, requests: Sequence[SlotRequest]) -> list[TaskSlot]:
        tasks = [request.task_id for request in requests]
        rows = await self._statements.find({"entity": ENTITY, "context.job_name": {"$in": tasks}})
        return each_decoded(rows, TaskSlot.from_row)[0]

    async def _take(self, slots: Sequence[TaskSlot], now: datetime) -> Set[str]:
        taken = set(await self._statements.insert([slot.to_row() for slot in slots]))
        for slot in slots:
            expired = {"context.expiry_time": {"$lte": to_text(now)}}
            query = {"id": slot.id, "$or": [expired, {"context.owner": slot.owner}]}
            values = {"context": slot.to_row()["context"]}
            # The row exists: take it over only if it has expired, or if it is this job's.
            if slot.id not in taken and await self._statements.update(query, values):
                taken.add(slot.id)
        return taken
