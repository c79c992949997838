"""Rows of a database that has no SQL: all are read, and matched in memory."""

from collections.abc import Sequence
from typing import Any

from jvspatial.db.database import Database

from jvscheduler.history.backends.batches import Batch, Change, batch_of, changed_rows, inserted
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row, matches, sort_rows, value_at


class ScannedRows:
    """Not atomic: what it changes it has read before."""

    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    async def insert(self, row: Row) -> Row | None:
        return await inserted(self._database, self._collection, row)

    async def find(
        self, where: Condition, sort: Sequence[Sort], limit: int | None, skip: int
    ) -> list[Row]:
        rows: list[Row] = await self._database.find(self._collection, {})
        found = sort_rows([row for row in rows if matches(row, where)], sort)
        return found[skip : None if limit is None else skip + limit]

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        return [len(await self.find(where, (), None, 0)) for where in wheres]

    async def change(self, where: Condition, change: Change, after: str, limit: int) -> Batch:
        found = [row for row in await self.find(where, (), None, 0) if row["id"] > after][:limit]
        changed = changed_rows(found, change)
        for row in changed:
            await self._database.save(self._collection, row)
        return batch_of(found, len(changed), limit)

    async def delete(self, where: Condition, limit: int) -> int:
        found = await self.find(where, (), limit, 0)
        for row in found:
            await self._database.delete(self._collection, row["id"])
        return len(found)

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        rows = await self.find(where, (), None, 0)
        return list({tuple(value_at(row, field.path) for field in fields): None for row in rows})
