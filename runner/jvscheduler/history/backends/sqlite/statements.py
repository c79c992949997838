"""Many rows at once on SQLite: each call is one immediate transaction.

A transaction is one call of the connection's thread. One call for each row would cost more
than the row itself.
"""

# jvspatial's and aiosqlite's connection and lock have no public names, so versions are pinned.
# ruff: noqa: SLF001

import json
import sqlite3
from collections.abc import Callable, Sequence, Set
from typing import Any, Final, TypeVar

from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.decoding import row_of
from jvscheduler.history.queries.matching import Row

T = TypeVar("T")

_INSERT: Final = "INSERT OR IGNORE INTO records (collection, id, data) VALUES (?, ?, ?)"
_GET: Final = "SELECT id, data FROM records WHERE collection = ? AND id = ?"
_UPDATE: Final = "UPDATE records SET data = ? WHERE collection = ? AND id = ?"
_LAST: Final = """
SELECT id, data FROM records WHERE collection = ? AND json_extract(data, '$.entity') = ?
    AND json_extract(data, '$.context.job_name') = ?
    AND json_extract(data, '$.context.namespace') = ?
    AND json_extract(data, '$.context.scheduled_time') <= ?
ORDER BY json_extract(data, '$.context.scheduled_time') DESC LIMIT 1
"""


class SqliteStatements:
    def __init__(self, database: SQLiteDB, collection: str) -> None:
        self._database = database
        self.collection = collection

    async def insert(self, rows: Sequence[Row]) -> Set[str]:
        texts = [(self.collection, row["id"], json.dumps(row)) for row in rows]

        def inserted(connection: sqlite3.Connection) -> Set[str]:
            return {text[1] for text in texts if connection.execute(_INSERT, text).rowcount}

        return await self.transact(inserted)

    async def get(self, ids: Sequence[str]) -> list[Row]:
        return await self.read(lambda connection: self._found(connection, ids))

    async def change(self, changes: Sequence[RowChange]) -> Set[str]:
        def changed(connection: sqlite3.Connection) -> Set[str]:
            return {change.id for change in changes if self._changed(connection, change)}

        return await self.transact(changed)

    async def latest(
        self, entity: str, namespace: str, tasks: Sequence[str], until: str
    ) -> list[Row]:
        def last(connection: sqlite3.Connection) -> list[Row]:
            each = (
                connection.execute(
                    _LAST, (self.collection, entity, task, namespace, until)
                ).fetchone()
                for task in tasks
            )
            return [row_of(row["id"], row["data"]) for row in each if row]

        return await self.read(last)

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        async with self._database._lock:
            connection: Any = await self._database._get_connection()
            done: T = await connection._execute(lambda: _transacted(connection._conn, work))
            return done

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection: Any = await self._database._get_connection()
        done: T = await connection._execute(lambda: work(connection._conn))
        return done

    def _found(self, connection: sqlite3.Connection, ids: Sequence[str]) -> list[Row]:
        each = (connection.execute(_GET, (self.collection, key)).fetchone() for key in ids)
        return [row_of(row["id"], row["data"]) for row in each if row]

    def _changed(self, connection: sqlite3.Connection, change: RowChange) -> bool:
        for row in self._found(connection, [change.id]):
            context = row.get("context")
            if not isinstance(context, dict):
                continue
            if all(context.get(name) == value for name, value in change.expected.items()):
                context.update(change.values)
                connection.execute(_UPDATE, (json.dumps(row), self.collection, change.id))
                return True
        return False


def _transacted(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    # IMMEDIATE takes the write lock before the first read. Two transactions that read and then
    # want to write would else fail: neither can let the other go first.
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = work(connection)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return done
