"""jvspatial's databases, each with the one thing mended that records depend on.

SQLite inherits a `find_one_and_update` that reads, changes and writes in three
steps: two processes that do it at once lose a change. Here it is one immediate
transaction. And an insert is written and committed in one call of the connection's
thread, not in two. (MongoDB is in `mongo_database`.)

PostgreSQL creates table and indexes anew in each process. `CREATE INDEX IF NOT
EXISTS` locks the table against writers before it finds that there is nothing to
do, so that every starting task would wait for every other. Here a table and an
index that exist are left alone.

On both, the index of an entity's field begins with the entity, and there is one
where jvspatial makes two; PostgreSQL has none of whole documents. So writing
costs less, and counting on SQLite reads the index only.

PostgreSQL reads an index alone only when it is of columns, not of expressions.
So the field that is counted by, the status, has a generated column, which
jvspatial's own statements never name. And a connection goes back into the pool
as it is: nothing here leaves a setting, a cursor or a lock on it, and asking
the server to undo them costs as much as a query.
"""

import asyncio
import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from jvspatial.db.database import InsertIfAbsentResult
from jvspatial.db.postgres import PostgresDB, _pg_field_extract, _postgres_index_name
from jvspatial.db.query import QueryEngine
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.indexes import EntityIndexes, Fields, Row, named, pairs_of
from jvscheduler.history.backends.mongodb.database import NativeMongo
from jvscheduler.history.urls import DatabaseUrl, Scheme

_CONNECT_SECONDS: Final = 3.0
_INSERT: Final = "INSERT OR IGNORE INTO records (collection, id, data) VALUES (?, ?, ?)"
_STATUS_COLUMN: Final = "context_status"
_COLUMNS: Final = {"context.status": _STATUS_COLUMN}
_STATUS: Final = (
    f"{_STATUS_COLUMN} text GENERATED ALWAYS AS ({_pg_field_extract('context.status')}) STORED"
)
_TABLE: Final = """
    SELECT to_regclass($1)::text AS name, EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped
    ) AS has_column
"""


class AtomicSQLite(EntityIndexes, SQLiteDB):
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
                found = await self.find(collection, query, limit=1)
                if found:
                    await self._write(connection, collection, found[0], update)
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
            return found[0] if found else None

    async def _create_plain(self, collection: str, fields: Fields) -> None:
        keys = [
            f"json_extract(data, '{self._json_path(path)}') {'ASC' if direction == 1 else 'DESC'}"
            for path, direction in pairs_of(fields)
        ]
        name = f"idx_{collection}_entity_{named(fields)}"
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


class LightPostgres(EntityIndexes, PostgresDB):
    """`columns` are the generated ones of the entities' table, by the path of their field."""

    columns: Mapping[str, str] = {}

    async def _ensure_pool(self) -> Any:
        self._discard_pool_from_dead_loop()
        async with self._pool_lock:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    dsn=self.dsn,
                    min_size=self.min_size,
                    max_size=self.max_size,
                    command_timeout=self.command_timeout,
                    reset=_leave,
                    connect=_connect,
                )
                self._pool_loop = asyncio.get_running_loop()
        return self._pool

    async def _create_collection_schema(self, collection: str) -> None:
        pool = await self._ensure_pool()
        name = f"{self.schema_name}.{collection}"
        found = await pool.fetchrow(_TABLE, name, _STATUS_COLUMN)
        if found["name"] is None:
            await super()._create_collection_schema(collection)
        elif found["has_column"]:
            self.columns = _COLUMNS

    async def _create_plain(self, collection: str, fields: Fields) -> None:
        name = _postgres_index_name(f"{collection}_entity_{named(fields)}", "idx")
        pool = await self._ensure_pool()
        await self._bootstrap_collection(collection)
        if await pool.fetchval("SELECT to_regclass($1)::text", f"{self.schema_name}.{name}"):
            return
        table, pairs = f"{self.schema_name}.{collection}", pairs_of(fields)
        if not self.columns and any(path in _COLUMNS for path, _ in pairs):
            await pool.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {_STATUS}")
            self.columns = _COLUMNS
        keys = [
            f"{self.columns.get(path) or _pg_field_extract(path)} "
            f"{'ASC' if direction == 1 else 'DESC NULLS LAST'}"
            for path, direction in pairs
        ]
        await pool.execute(
            f"CREATE INDEX IF NOT EXISTS {name} ON {table} (entity, {', '.join(keys)})"
        )


async def _connect(*arguments: Any, **options: Any) -> Any:
    """Anew rather than for long: what leads to a server that is gone never answers, and asyncpg's
    pool would keep the place of a connection for it, for a minute."""
    try:
        return await asyncpg.connect(*arguments, timeout=_CONNECT_SECONDS, **options)
    except TimeoutError as error:
        raise ConnectionError(f"no connection in {_CONNECT_SECONDS:g} s") from error


async def _leave(_: Any) -> None:
    """What asyncpg does with a connection that goes back into the pool."""


HistoryDatabase = AtomicSQLite | LightPostgres | NativeMongo


def database(url: DatabaseUrl, *, connections: int, timeout: float) -> HistoryDatabase:
    """Connects when first used, so that a task which needs no database pays nothing."""
    match url.scheme:
        case Scheme.SQLITE:
            return AtomicSQLite(db_path=url.path, timeout=timeout)
        case Scheme.POSTGRESQL:
            return LightPostgres(
                dsn=url.text,
                min_size=1,
                max_size=connections,
                command_timeout=timeout,
                gin_index="off",
            )
        case Scheme.MONGODB:
            return NativeMongo(url.text, url.database, connections=connections, timeout=timeout)
