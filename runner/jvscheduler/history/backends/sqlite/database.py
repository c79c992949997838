"""jvspatial's SQLite, with atomic changes and indexes by entity.

jvspatial's `find_one_and_update` reads, changes and writes in three steps: when two processes
do so at once, one change is lost. Here it is one immediate transaction. An insert is written
and committed in one call of the connection's thread, not in two.
"""

import asyncio
import json
import sqlite3
from typing import Any, Final

from jvspatial.db.database import InsertIfAbsentResult
from jvspatial.db.query import QueryEngine
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.database import Fields, HistoryDatabase, index_name, pairs_of
from jvscheduler.history.queries.matching import Row

_INSERT: Final = "INSERT OR IGNORE INTO records (collection, id, data) VALUES (?, ?, ?)"

_OPENING_SECONDS: Final = 5.0
"""A call that was cancelled waits at most this long for its connection, on a disk that hangs."""


class SqliteDatabase(HistoryDatabase, SQLiteDB):
    async def disconnect(self) -> None:
        """Keep the file open: there is no server whose connections could be used up."""

    async def _get_connection(self) -> Any:
        # jvspatial would make the folder. Where a volume is not mounted, or a path is mistyped,
        # the history would be in a place where nobody looks for it.
        if self._connection is not None:
            return await super()._get_connection()
        if not self.db_path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {self.db_path.parent}; make it first")
        opening = asyncio.ensure_future(super()._get_connection())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The connection's thread answers to this event loop, and nobody would close the
            # connection. Opening a file takes milliseconds; then `close` ends the thread.
            await asyncio.wait({opening}, timeout=_OPENING_SECONDS)
            raise

    async def insert_if_absent(
        self, collection: str, data: Row, *, conflict_target: str = "id"
    ) -> InsertIfAbsentResult:
        row_id = self._validate_insert_if_absent(data, conflict_target)
        values = (collection, row_id, json.dumps(data))
        async with self._lock:
            connection: Any = await self._get_connection()
            created = await connection._execute(_inserted, connection._conn, values)  # noqa: SLF001
        if created:
            return InsertIfAbsentResult(record=data, created=True)
        # The id is taken: jvspatial's own call reads the row that has it.
        return await super().insert_if_absent(collection, data, conflict_target=conflict_target)

    async def find_one_and_update(
        self, collection: str, query: Row, update: Row, upsert: bool = False
    ) -> Row | None:
        if upsert:
            raise NotImplementedError("insert_if_absent is the atomic way to create a record")
        async with self._lock:
            connection = await self._get_connection()
            await connection.execute("BEGIN IMMEDIATE")
            try:
                rows = await self.find(collection, query, limit=1)
                if rows:
                    await self._write(connection, collection, rows[0], update)
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
            return rows[0] if rows else None

    async def create_entity_index(self, collection: str, fields: Fields) -> None:
        keys = [
            f"json_extract(data, '{self._json_path(path)}') {'ASC' if direction == 1 else 'DESC'}"
            for path, direction in pairs_of(fields)
        ]
        name = f"idx_{collection}_entity_{index_name(fields)}"
        columns = ", ".join(["collection", "json_extract(data, '$.entity')", *keys])
        connection = await self._get_connection()
        await connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON records ({columns})")
        await connection.commit()

    async def _write(self, connection: Any, collection: str, row: Row, update: Row) -> None:
        QueryEngine.apply_update(row, update, apply_set_on_insert=False)
        await connection.execute(
            "UPDATE records SET data = ? WHERE collection = ? AND id = ?",
            (json.dumps(row), collection, row["id"]),
        )


def _inserted(connection: sqlite3.Connection, values: tuple[str, str, str]) -> bool:
    with connection:
        return connection.execute(_INSERT, values).rowcount == 1
