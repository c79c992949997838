"""Many rows at once, on any jvspatial database that changes one row atomically.

Each row is a call of its own: slower than one statement for all rows, and as correct.
"""

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import Any

from jvspatial.db.database import Database

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.decoding import checked
from jvscheduler.history.queries.matching import Row


class GenericStatements:
    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    async def insert(self, rows: Sequence[Row]) -> Set[str]:
        insert = self._database.insert_if_absent
        done = await asyncio.gather(*(insert(self._collection, row) for row in rows))
        return {str(row["id"]) for row, stored in zip(rows, done, strict=True) if stored.created}

    async def get(self, ids: Sequence[str]) -> list[Row]:
        rows = await asyncio.gather(*(self._database.get(self._collection, key) for key in ids))
        return [checked(row["id"], row) for row in rows if row is not None]

    async def change(self, changes: Sequence[RowChange]) -> Set[str]:
        done = await asyncio.gather(*(self._changed(change) for change in changes))
        return {change.id for change, is_done in zip(changes, done, strict=True) if is_done}

    async def latest(
        self, entity: str, namespace: str, tasks: Sequence[str], until: str
    ) -> list[Row]:
        of_tasks = await asyncio.gather(
            *(self._latest(entity, namespace, task, until) for task in tasks)
        )
        return [checked(row["id"], row) for rows in of_tasks for row in rows]

    async def find(self, query: Row) -> list[Row]:
        return list(await self._database.find(self._collection, query))

    async def update(self, query: Row, values: Row) -> bool:
        """True when a row matched the query and has these values now."""
        update = {"$set": values}
        return bool(await self._database.find_one_and_update(self._collection, query, update))

    async def _changed(self, change: RowChange) -> bool:
        return await self.update(
            {"id": change.id, **context_paths(change.expected)}, context_paths(change.values)
        )

    async def _latest(self, entity: str, namespace: str, task: str, until: str) -> list[Row]:
        begun = {"$ne": None, "$lte": until}
        query = context_paths({"namespace": namespace, "job_name": task, "scheduled_time": begun})
        newest = [("context.scheduled_time", -1)]
        find = self._database.find
        return list(await find(self._collection, {"entity": entity, **query}, sort=newest, limit=1))


def context_paths(fields: Mapping[str, Any]) -> Row:
    return {f"context.{name}": value for name, value in fields.items()}
