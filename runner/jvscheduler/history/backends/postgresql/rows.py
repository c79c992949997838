"""Rows on PostgreSQL, by our own SQL over jvspatial's table of the collection."""

# jvspatial's pool and tables have no public names, so its version is pinned.
# ruff: noqa: SLF001, S608 - SQL consists of checked names, and values are bound

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asyncpg import InvalidRegularExpressionError
from jvspatial.db.postgres import PostgresDB

from jvscheduler.history.backends.backend import Batch, Update, batch_of, changed_rows
from jvscheduler.history.backends.postgresql.database import PostgresDatabase
from jvscheduler.history.backends.postgresql.sql import PostgresSql
from jvscheduler.history.decoding import row_of
from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row


class PostgresRows:
    def __init__(self, database: PostgresDB, collection: str) -> None:
        self._database = database
        self._collection = collection
        self._table = f"{database.schema_name}.{collection}"

    async def insert(self, row: Row) -> Row | None:
        text = f"INSERT INTO {self._table} (id, entity, tenant_id, data)"
        text += " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING"
        async with self._connection() as connection:
            done = await connection.execute(text, *self._database._split_payload(row))
        if done.endswith(" 1"):
            return None  # a row that was just written is not read back
        existing: Row | None = await self._database.get(self._collection, row["id"])
        return existing

    async def find(
        self,
        where: Condition,
        sort: Sequence[Sort],
        limit: int | None,
        skip: int,
        without: Sequence[str] = (),
    ) -> list[Row]:
        sql = self._sql()
        data = "".join(["data", *(f" #- '{{{path.replace('.', ',')}}}'" for path in without)])
        text = f"SELECT id, {data} AS data FROM {self._table} WHERE {sql.where(where)}"
        text += f" ORDER BY {sql.order_by(sort, where)}"
        text += f" LIMIT {'ALL' if limit is None else int(limit)} OFFSET {int(skip)}"
        async with self._connection() as connection:
            return _decoded(await connection.fetch(text, *sql.params))

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        sql = self._sql()
        each = [f"(SELECT COUNT(*) FROM {self._table} WHERE {sql.where(w)})" for w in wheres]
        async with self._connection() as connection:
            (numbers,) = await connection.fetch(f"SELECT {', '.join(each)}", *sql.params)
        return list(numbers)

    async def update(self, where: Condition, update: Update, after: str, limit: int) -> Batch:
        sql = self._sql()
        text = f"SELECT id, data FROM {self._table} WHERE ({sql.where(where)})"
        text += f' AND id COLLATE "C" > {sql.bind(after)} ORDER BY id COLLATE "C"'
        text += f" LIMIT {sql.bind(limit)}::bigint FOR UPDATE"
        async with self._connection() as connection, connection.transaction():
            rows = _decoded(await connection.fetch(text, *sql.params))
            changed = changed_rows(rows, update)
            await self._write(connection, changed)
        return batch_of(rows, len(changed), limit)

    async def delete(self, where: Condition, limit: int) -> int:
        sql = self._sql()
        condition = sql.where(where)
        chosen = f"SELECT id FROM {self._table} WHERE {condition}"
        chosen += f" LIMIT {sql.bind(limit)}::bigint"
        text = f"DELETE FROM {self._table} WHERE id IN ({chosen}) AND ({condition})"
        async with self._connection() as connection:
            done = await connection.execute(text, *sql.params)
        return int(done.split()[-1])

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        sql = self._sql()
        columns = ", ".join(sql.text(field) for field in fields)
        text = f"SELECT DISTINCT {columns} FROM {self._table} WHERE {sql.where(where)}"
        async with self._connection() as connection:
            return [tuple(row) for row in await connection.fetch(text, *sql.params)]

    def _sql(self) -> PostgresSql:
        database = self._database
        return PostgresSql(database.columns if isinstance(database, PostgresDatabase) else {})

    async def _write(self, connection: Any, rows: Sequence[Row]) -> None:
        await connection.executemany(
            f"UPDATE {self._table} SET data = $1::jsonb, updated_at = NOW() WHERE id = $2",
            [(json.dumps(row), row["id"]) for row in rows],
        )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        await self._database._bootstrap_collection(self._collection)
        try:
            async with self._database._acquire_conn() as connection:
                yield connection
        except InvalidRegularExpressionError as error:
            raise InvalidQuery(f"PostgreSQL cannot read the $regex: {error}") from error


def _decoded(rows: Sequence[Any]) -> list[Row]:
    return [row_of(row["id"], row["data"]) for row in rows]
