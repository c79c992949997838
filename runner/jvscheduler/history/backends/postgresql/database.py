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

The tables of a namespace are made by the owner, see `jvscheduler_server.migrate`: the role that
uses them can create nothing, and an index that they do not have is left out.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, Self
from urllib.parse import urlsplit

import asyncpg
from jvspatial.db.database import BulkSaveResult, DatabaseError
from jvspatial.db.postgres import PostgresDB, _pg_field_extract, _postgres_index_name

from jvscheduler.history.backends.database import Fields, HistoryDatabase, index_name, pairs_of
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.postgresql.pool import PatientPool
from jvscheduler.history.backends.postgresql.url import PLAIN_SCHEMA, schema_of

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
    ) AS has_column, COALESCE(
        (SELECT relispartition OR relkind = 'p' FROM pg_class WHERE oid = to_regclass($1)), false
    ) AS is_made_by_owner
"""
_MAY_CREATE: Final = "SELECT has_schema_privilege(to_regnamespace($1), 'CREATE')"
_SAVE_MANY: Final = """
    INSERT INTO {table} (id, entity, tenant_id, data)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
    ON CONFLICT (id) DO UPDATE SET entity = EXCLUDED.entity, tenant_id = EXCLUDED.tenant_id,
        data = EXCLUDED.data, updated_at = NOW()
"""

_SIZES: Final = """
    SELECT namespace, coalesce((
        SELECT sum(pg_total_relation_size(to_regclass(format('%I.%I', role, kind))))
        FROM unnest(ARRAY['object', 'node', 'edge']) AS kind
    ), 0) FROM jvscheduler.namespaces
"""

_log = logging.getLogger(__name__)


class PostgresDatabase(HistoryDatabase, PostgresDB):
    columns: Mapping[str, str] = {}
    """The generated columns of the entities' table, by the path of their field."""

    def __init__(self, dsn: str, limits: Limits, base: "PostgresDatabase | None" = None) -> None:
        super().__init__(dsn=dsn, gin_index="off", schema_name=schema_of(dsn))
        self._limits = limits
        self._base = base
        """The database whose connections this one uses."""
        self._made_by_owner: set[str] = set()
        """The collections whose tables nobody but their owner changes."""

    async def of_namespace(self, schema: str) -> Self | None:
        pool = await self._ensure_pool()
        if await pool.fetchval("SELECT to_regclass($1)::text", f"{schema}.object") is None:
            return None
        found = type(self)(str(self.dsn), self._limits, self)
        found.schema_name = schema
        return found

    async def end_sessions(self, longest: timedelta) -> Sequence[str]:
        """End the sessions of namespaces that hold up the server. Returns their roles."""
        pool = await self._ensure_pool()
        rows = await pool.fetch("SELECT jvscheduler.end_sessions($1)", longest)
        return [str(row[0]) for row in rows]

    async def sizes_of_namespaces(self) -> Mapping[str, int]:
        pool = await self._ensure_pool()
        return {str(row[0]): int(row[1]) for row in await pool.fetch(_SIZES)}

    async def _ensure_pool(self) -> Any:
        if self._base is not None:
            return await self._base._ensure_pool()  # noqa: SLF001 - its own class
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

    async def _create_collection_schema_on_connection(self, collection: str, conn: Any) -> None:
        name = f"{self.schema_name}.{collection}"
        existing = await conn.fetchrow(_TABLE, name, _STATUS_COLUMN)
        if existing["name"] is None:
            if self.schema_name != PLAIN_SCHEMA:
                await self._check_may_create(conn, collection)
            await super()._create_collection_schema_on_connection(collection, conn)
        elif existing["has_column"]:
            self.columns = _COLUMNS
        if existing["is_made_by_owner"]:
            self._made_by_owner.add(collection)

    async def _check_may_create(self, connection: Any, collection: str) -> None:
        if not await connection.fetchval(_MAY_CREATE, self.schema_name):
            raise DatabaseError(
                f"the schema {self.schema_name} has no table {collection}, and this role may "
                "create none: the operator makes a namespace's object, node and edge"
            )

    async def create_index(
        self, collection: str, field_or_fields: Fields, unique: bool = False, **options: Any
    ) -> None:
        await self._bootstrap_collection(collection)
        if collection not in self._made_by_owner:
            await super().create_index(collection, field_or_fields, unique, **options)
            return
        names = _names_of_index(collection, field_or_fields)
        if not any([await self._has_index(name) for name in names]):
            # A task runs once in a process: more than one line would fill its log.
            level = logging.WARNING if unique else logging.INFO
            kind, where = "unique index" if unique else "index", self.schema_name
            text = "the %s %s is left out: only the owner creates indexes in %s"
            _log.log(level, text, kind, names[0], where)

    async def bulk_save_detailed(
        self, collection: str, records: list[dict[str, Any]]
    ) -> BulkSaveResult:
        await self._bootstrap_collection(collection)
        if collection not in self._made_by_owner or not records:
            return await super().bulk_save_detailed(collection, records)
        # jvspatial's own call makes a temporary table, which a namespace's role may not.
        rows = {str(record["id"]): self._split_payload(record) for record in records}
        text = _SAVE_MANY.format(table=f"{self.schema_name}.{collection}")
        async with self._acquire_conn() as connection:
            await connection.execute(text, *map(list, zip(*rows.values(), strict=True)))
        return BulkSaveResult(attempted=len(records), saved=len(records), failed_ids=[])

    async def create_entity_index(self, collection: str, fields: Fields) -> None:
        name = _names_of_index(collection, fields)[0]
        pool = await self._ensure_pool()
        await self._bootstrap_collection(collection)
        if await self._has_index(name):
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

    async def _has_index(self, name: str) -> bool:
        pool = await self._ensure_pool()
        found = await pool.fetchval("SELECT to_regclass($1)::text", f"{self.schema_name}.{name}")
        return found is not None


def _names_of_index(collection: str, fields: Fields) -> list[str]:
    """The name that the history gives an index, and those that jvspatial gives."""
    of_fields = index_name(fields)
    names = ((f"{collection}_entity_{of_fields}", "idx"), (f"{collection}_{of_fields}", "idx"))
    return [
        _postgres_index_name(base, suffix)
        for base, suffix in (*names, (f"{collection}_{of_fields}", "uniq"))
    ]


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
