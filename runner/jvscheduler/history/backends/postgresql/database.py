"""jvspatial's PostgreSQL, with tables and indexes that cost writers little.

jvspatial creates the table and its indexes anew in each process. `CREATE INDEX IF NOT EXISTS`
locks the table against writers before it finds that there is nothing to do, so that each
task that starts would wait for every other one. Here, a table or index that exists is left alone.

An index of an entity's field begins with the entity, and there is one where jvspatial makes
two, and none of whole documents. So a write costs less.

PostgreSQL can answer from an index alone only when the index is of columns, not of expressions.
So the status, which is counted often, has a generated column. jvspatial's own statements never
name that column.

A connection goes back into the pool as it is: nothing here leaves a setting, a cursor or a lock
on it, and asking the server to undo those costs as much as a query.

`close` gives all connections back. A later call opens another pool.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
from jvspatial.db.postgres import PostgresDB, _pg_field_extract, _postgres_index_name

from jvscheduler.history.backends.database import Fields, HistoryDatabase, index_name, pairs_of
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.postgresql.pool import PatientPool

_OF_SESSION: Final = ("25006", "53300", "57P01", "57P02", "57P03", "57P05")
"""The SQLSTATEs of a read-only transaction, of too many connections, and of a server that ends.

Those of class 08 are about the connection too."""
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


class PostgresDatabase(HistoryDatabase, PostgresDB):
    columns: Mapping[str, str] = {}
    """The generated columns of the entities' table, by the path of their field."""

    def __init__(self, dsn: str, limits: Limits) -> None:
        super().__init__(dsn=dsn, gin_index="off")
        self._limits = limits

    async def _ensure_pool(self) -> Any:
        self._discard_pool_from_dead_loop()
        if self._pool is None:
            dsn = str(self.dsn)
            self._pool = PatientPool(dsn, self._limits, _writable(dsn))
            self._pool_loop = asyncio.get_running_loop()
        # The pool opens no connection here: a call that needs one does.
        return await self._pool

    async def close(self) -> None:
        # If this call is cancelled, the next one must not find a pool that is closed.
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    @asynccontextmanager
    async def _acquire_conn(self) -> AsyncIterator[Any]:
        pool = await self._ensure_pool()
        async with super()._acquire_conn() as connection:
            try:
                yield connection
            except asyncpg.PostgresError as error:
                if is_about_session(error):
                    # The others were opened at the same server, and are as this one is.
                    await pool.expire_connections()
                    connection.terminate()
                raise

    async def _create_collection_schema(self, collection: str) -> None:
        pool = await self._ensure_pool()
        name = f"{self.schema_name}.{collection}"
        existing = await pool.fetchrow(_TABLE, name, _STATUS_COLUMN)
        if existing["name"] is None:
            await super()._create_collection_schema(collection)
        elif existing["has_column"]:
            self.columns = _COLUMNS

    async def create_entity_index(self, collection: str, fields: Fields) -> None:
        name = _postgres_index_name(f"{collection}_entity_{index_name(fields)}", "idx")
        pool = await self._ensure_pool()
        await self._bootstrap_collection(collection)
        if await pool.fetchval("SELECT to_regclass($1)::text", f"{self.schema_name}.{name}"):
            return  # even CREATE INDEX IF NOT EXISTS would lock out all writers
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


def is_about_session(error: asyncpg.PostgresError) -> bool:
    """True when the same statement may succeed on a new connection.

    After a failover, a connection may be to a server that has become read-only, and stays so for
    as long as the connection lives.
    """
    state = str(error.sqlstate or "")
    return state in _OF_SESSION or state.startswith("08")


def _writable(dsn: str) -> Mapping[str, str]:
    """Choose the server that takes writes, unless the URL says otherwise."""
    given = "target_session_attrs" in urlsplit(dsn).query
    return {} if given else {"target_session_attrs": "read-write"}
