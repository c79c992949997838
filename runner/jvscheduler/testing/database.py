"""A jvspatial database in memory."""

import json
from typing import Any

from jvspatial.db.database import Database, InsertIfAbsentResult, finalize_find_results
from jvspatial.db.query import QueryEngine

Row = dict[str, Any]


class MemoryDatabase(Database):
    """A database for tests of functions that use entities.

    It keeps rows as JSON text: a value that no real database could store fails here too.

    ```python
    set_default_context(GraphContext(MemoryDatabase()))
    asyncio.run(clean_up())  # the task under test
    assert asyncio.run(Product.count()) == 0
    ```
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], str] = {}

    async def close(self) -> None:
        """Nothing to close."""

    async def save(self, collection: str, data: Row) -> Row:
        # As text, a value that JSON cannot hold fails here as it would in a real database.
        self._rows[collection, str(data["id"])] = json.dumps(data)
        return data

    async def insert_if_absent(
        self, collection: str, data: Row, *, conflict_target: str = "id"
    ) -> InsertIfAbsentResult:
        row_id = self._validate_insert_if_absent(data, conflict_target)
        existing = await self.get(collection, row_id)
        if existing is None:
            await self.save(collection, data)
        return InsertIfAbsentResult(record=existing or data, created=existing is None)

    async def get(self, collection: str, id: str) -> Row | None:  # noqa: A002 - jvspatial's name
        text = self._rows.get((collection, id))
        return None if text is None else dict(json.loads(text))

    async def delete(self, collection: str, id: str) -> None:  # noqa: A002 - jvspatial's name
        self._rows.pop((collection, id), None)

    async def find(
        self,
        collection: str,
        query: Row,
        *,
        limit: int | None = None,
        sort: list[tuple[str, int]] | None = None,
    ) -> list[Row]:
        rows = [json.loads(text) for (name, _), text in self._rows.items() if name == collection]
        matching = [row for row in rows if QueryEngine.match(row, query)]
        return list(finalize_find_results(matching, sort=sort, limit=limit))

    async def create_index(self, *_: Any, **__: Any) -> None:
        """Creates none: a test has few rows."""
