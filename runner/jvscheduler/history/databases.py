"""jvspatial's databases, each with the one thing mended that records depend on.

SQLite inherits a `find_one_and_update` that reads, changes and writes in three
steps: two processes that do it at once lose a change. Here it is one immediate
transaction.

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
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from jvspatial.db.postgres import PostgresDB, _pg_field_extract, _postgres_index_name
from jvspatial.db.query import QueryEngine
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.urls import DatabaseUrl, Scheme

Row = dict[str, Any]
Fields = str | list[tuple[str, int]]


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


class _EntityIndexes:
    """An index that is of entities, as nearly all are, is made in the way of each database."""

    async def create_index(
        self, collection: str, field_or_fields: Fields, unique: bool = False, **options: Any
    ) -> None:
        if _is_plain(collection, unique, options):
            await self._create_plain(collection, field_or_fields)
        else:
            made: Any = super()
            await made.create_index(collection, field_or_fields, unique, **options)

    async def _create_plain(self, collection: str, fields: Fields) -> None:
        raise NotImplementedError


class AtomicSQLite(_EntityIndexes, SQLiteDB):
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
            for path, direction in _pairs(fields)
        ]
        name = f"idx_{collection}_entity_{_named(fields)}"
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


class LightPostgres(_EntityIndexes, PostgresDB):
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
        name = _postgres_index_name(f"{collection}_entity_{_named(fields)}", "idx")
        pool = await self._ensure_pool()
        await self._bootstrap_collection(collection)
        if await pool.fetchval("SELECT to_regclass($1)::text", f"{self.schema_name}.{name}"):
            return
        table, pairs = f"{self.schema_name}.{collection}", _pairs(fields)
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


async def _leave(_: Any) -> None:
    """What asyncpg does with a connection that goes back into the pool."""


def _is_plain(collection: str, unique: bool, options: Row) -> bool:
    """An index of entities that are no graph's: these are always asked for by their class."""
    special = ("partialFilterExpression", "partial_filter_expression", "fulltext")
    return collection == "object" and not unique and not any(options.get(name) for name in special)


def _pairs(fields: Fields) -> list[tuple[str, int]]:
    return [(fields, 1)] if isinstance(fields, str) else fields


def _named(fields: Fields) -> str:
    return "_".join(path.replace(".", "_") for path, _ in _pairs(fields))


def database(url: DatabaseUrl, *, connections: int, timeout: float) -> AtomicSQLite | LightPostgres:
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
