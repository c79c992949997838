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
"""

import json
from typing import Any

from jvspatial.db.postgres import PostgresDB, _pg_field_extract, _postgres_index_name
from jvspatial.db.query import QueryEngine
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.urls import DatabaseUrl, Scheme

Row = dict[str, Any]
Fields = str | list[tuple[str, int]]


class AtomicSQLite(SQLiteDB):
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

    async def create_index(
        self, collection: str, field_or_fields: Fields, unique: bool = False, **options: Any
    ) -> None:
        if _is_plain(collection, unique, options):
            await self._create_plain(collection, field_or_fields)
        else:
            await super().create_index(collection, field_or_fields, unique, **options)

    async def _create_plain(self, collection: str, field_or_fields: Fields) -> None:
        keys = [
            f"json_extract(data, '{self._json_path(path)}') {'ASC' if direction == 1 else 'DESC'}"
            for path, direction in _pairs(field_or_fields)
        ]
        name = f"idx_{collection}_entity_{_named(field_or_fields)}"
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


class LightPostgres(PostgresDB):
    async def _create_collection_schema(self, collection: str) -> None:
        pool = await self._ensure_pool()
        name = f"{self.schema_name}.{collection}"
        if await pool.fetchval("SELECT to_regclass($1)::text", name) is None:
            await super()._create_collection_schema(collection)

    async def create_index(
        self, collection: str, field_or_fields: Fields, unique: bool = False, **options: Any
    ) -> None:
        if _is_plain(collection, unique, options):
            await self._create_plain(collection, field_or_fields)
        else:
            await super().create_index(collection, field_or_fields, unique, **options)

    async def _create_plain(self, collection: str, field_or_fields: Fields) -> None:
        name = _postgres_index_name(f"{collection}_entity_{_named(field_or_fields)}", "idx")
        pool = await self._ensure_pool()
        if await pool.fetchval("SELECT to_regclass($1)::text", f"{self.schema_name}.{name}"):
            return
        await self._bootstrap_collection(collection)
        keys = [
            f"{_pg_field_extract(path)} {'ASC' if direction == 1 else 'DESC NULLS LAST'}"
            for path, direction in _pairs(field_or_fields)
        ]
        table = f"{self.schema_name}.{collection}"
        await pool.execute(
            f"CREATE INDEX IF NOT EXISTS {name} ON {table} (entity, {', '.join(keys)})"
        )


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
