"""Rows of any jvspatial database: a query reads all of them and matches them in memory."""

from collections.abc import Sequence
from typing import Any

from jvspatial.db.database import Database

from jvscheduler.history.backends.backend import Batch, Update, batch_of, changed_rows
from jvscheduler.history.decoding import checked
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row, matches, sort_rows, value_at


class GenericRows:
    """Not atomic: another writer's change between its read and its write is lost."""

    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    async def insert(self, row: Row) -> Row | None:
        return await insert_row(self._database, self._collection, row)

    async def find(
        self,
        where: Condition,
        sort: Sequence[Sort],
        limit: int | None,
        skip: int,
        without: Sequence[str] = (),
    ) -> list[Row]:
        stored = await self._database.find(self._collection, {})
        rows = [checked(row.get("id"), row) for row in stored]
        matching = sort_rows([row for row in rows if matches(row, where)], sort)
        chosen = matching[skip : None if limit is None else skip + limit]
        return [without_fields(row, without) for row in chosen]

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        return [len(await self.find(where, (), None, 0)) for where in wheres]

    async def update(self, where: Condition, update: Update, after: str, limit: int) -> Batch:
        rows = [row for row in await self.find(where, (), None, 0) if row["id"] > after][:limit]
        changed = changed_rows(rows, update)
        for row in changed:
            await self._database.save(self._collection, row)
        return batch_of(rows, len(changed), limit)

    async def delete(self, where: Condition, limit: int) -> int:
        rows = await self.find(where, (), limit, 0)
        for row in rows:
            await self._database.delete(self._collection, row["id"])
        return len(rows)

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        rows = await self.find(where, (), None, 0)
        return list({tuple(value_at(row, field.path) for field in fields): None for row in rows})


def without_fields(row: Row, paths: Sequence[str]) -> Row:
    """The row without these fields of its context."""
    if not paths or not isinstance(row.get("context"), dict):
        return row
    names = {path.removeprefix("context.") for path in paths}
    return {**row, "context": {k: v for k, v in row["context"].items() if k not in names}}


async def insert_row(database: Database, collection: str, row: Row) -> Row | None:
    """`Rows.insert` by jvspatial's own call."""
    stored = await database.insert_if_absent(collection, row)
    return None if stored.created else dict(stored.record)
