"""jvspatial's databases, each with the one thing mended that records depend on.

SQLite inherits a `find_one_and_update` that reads, changes and writes in three
steps: two processes that do it at once lose a change. Here it is one immediate
transaction.

PostgreSQL creates table and indexes anew in each process. `CREATE INDEX IF NOT
EXISTS` locks the table against writers before it finds that there is nothing to
do, so that every starting task would wait for every other. Here a table and an
index that exist are left alone.
"""

import json
from typing import Any

from jvspatial.db.postgres import PostgresDB, _postgres_index_name
from jvspatial.db.query import QueryEngine
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.urls import DatabaseUrl, Scheme

Row = dict[str, Any]


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
        self,
        collection: str,
        field_or_fields: str | list[tuple[str, int]],
        unique: bool = False,
        **options: Any,
    ) -> None:
        if not await self._has_index(_index_name(collection, field_or_fields, unique, options)):
            await super().create_index(collection, field_or_fields, unique=unique, **options)

    async def _has_index(self, name: str) -> bool:
        pool = await self._ensure_pool()
        found = await pool.fetchval("SELECT to_regclass($1)::text", f"{self.schema_name}.{name}")
        return found is not None


def _index_name(
    collection: str, fields: str | list[tuple[str, int]], unique: bool, options: Row
) -> str:
    """As jvspatial calls the index of a class's own fields; others it checks by itself."""
    paths = [fields] if isinstance(fields, str) else [path for path, _ in fields]
    names = "_".join(path.replace(".", "_") for path in paths)
    scope = "entity_" if options.get("entity") and not options.get("partial_by_entity") else ""
    return str(_postgres_index_name(f"{collection}_{scope}{names}", "uniq" if unique else "idx"))


def database(url: DatabaseUrl, *, connections: int, timeout: float) -> AtomicSQLite | LightPostgres:
    """Connects when first used, so that a task which needs no database pays nothing."""
    match url.scheme:
        case Scheme.SQLITE:
            return AtomicSQLite(db_path=url.path, timeout=timeout)
        case Scheme.POSTGRESQL:
            return LightPostgres(
                dsn=url.text, min_size=1, max_size=connections, command_timeout=timeout
            )
