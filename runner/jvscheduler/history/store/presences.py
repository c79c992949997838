"""The calls for the schedulers that serve a namespace without a cluster."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from jvscheduler.history.backends.backend import BATCH_ROWS, RowChange
from jvscheduler.history.decoding import each_decoded
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse
from jvscheduler.history.records.presences import ENTITY, SchedulerPresence
from jvscheduler.history.store.calls import DatabaseCalls, Query

_FIELDS: Final = fields_of(SchedulerPresence)


class PresenceCalls(DatabaseCalls):
    async def record_presence(self, presence: SchedulerPresence) -> None:
        await self._call(lambda: self._record_presence(presence))

    async def presences(self, namespace: str) -> Sequence[SchedulerPresence]:
        where = parse({"entity": ENTITY, "context.namespace": namespace}, _FIELDS)
        rows = await self._call(lambda: self._rows.find(where, (), None, 0))
        return each_decoded(rows, SchedulerPresence.from_row)[0]

    async def remove_presences(self, presences: Sequence[SchedulerPresence]) -> None:
        for start in range(0, len(presences), BATCH_ROWS):
            ids = [presence.id for presence in presences[start : start + BATCH_ROWS]]
            query: Query = {"entity": ENTITY, "id": {"$in": ids}}
            where = parse(query, _FIELDS)
            await self._call(partial(self._rows.delete, where, BATCH_ROWS))

    async def _record_presence(self, presence: SchedulerPresence) -> None:
        row = presence.to_row()
        changes = [RowChange(row["id"], {"namespace": presence.namespace}, row["context"])]
        # The row may be gone: another scheduler that found it silent has removed it.
        if not await self._statements.change(changes):
            await self._statements.insert([row])
