"""The calls for takeovers that are not settled."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from jvscheduler.history.backends.backend import BATCH_ROWS
from jvscheduler.history.decoding import each_decoded
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import ENTITY, UnsettledTakeover, from_row, to_row
from jvscheduler.history.store.calls import DatabaseCalls, Query

_FIELDS: Final = fields_of(ScheduleRevision)
"""The fields of its row that queries name are a revision's too."""


class TakeoverCalls(DatabaseCalls):
    async def add_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        rows = [to_row(takeover) for takeover in takeovers]
        if rows:
            await self._call(lambda: self._statements.insert(rows))

    async def takeovers(
        self, namespace: str, task_ids: Sequence[str]
    ) -> Sequence[UnsettledTakeover]:
        query: Query = {"entity": ENTITY, "context.namespace": namespace}
        where = parse({**query, "context.job_name": {"$in": list(task_ids)}}, _FIELDS)
        rows = await self._call(lambda: self._rows.find(where, (), None, 0))
        return each_decoded(rows, from_row)[0]

    async def remove_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        for start in range(0, len(takeovers), BATCH_ROWS):
            ids = [takeover.id for takeover in takeovers[start : start + BATCH_ROWS]]
            where = parse({"entity": ENTITY, "id": {"$in": ids}}, _FIELDS)
            await self._call(partial(self._rows.delete, where, BATCH_ROWS))
