"""Rows on SQLite, by our own SQL over jvspatial's table `records`."""

# jvspatial's connection and write lock have no public names, so its version is pinned.
# ruff: noqa: SLF001 - SQL consists of checked names, and values are bound

import json
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.history.backends.backend import Batch, Update, batch_of, changed_rows
from jvscheduler.history.backends.generic.rows import insert_row
from jvscheduler.history.backends.sqlite.sql import SqliteSql
from jvscheduler.history.decoding import row_of
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row, searches

_FROM = "FROM records WHERE collection = ?1"
_NO_LIMIT = -1
_prepared: WeakSet[Any] = WeakSet()
"""The connections that have our function."""


class SqliteRows:
    def __init__(self, database: SQLiteDB, collection: str) -> None:
        self._database = database
        self._collection = collection

    async def insert(self, row: Row) -> Row | None:
        return await insert_row(self._database, self._collection, row)

    async def find(
        self,
        where: Condition,
        sort: Sequence[Sort],
        limit: int | None,
        skip: int,
        without: Sequence[str] = (),
    ) -> list[Row]:
        sql = SqliteSql(self._collection)
        paths = "".join(f", '$.{path}'" for path in without)
        data = f"json_remove(data{paths}) AS data" if without else "data"
        text = f"SELECT id, {data} {_FROM} AND ({sql.where(where)})"
        text += f" ORDER BY {sql.order_by(sort, where)}"
        text += f" LIMIT {sql.bind(_NO_LIMIT if limit is None else limit)} OFFSET {sql.bind(skip)}"
        return _decoded(await self._fetch(text, sql.params))

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        sql = SqliteSql(self._collection)
        each = [f"(SELECT COUNT(*) {_FROM} AND ({sql.where(where)}))" for where in wheres]
        (numbers,) = await self._fetch(f"SELECT {', '.join(each)}", sql.params)
        return list(numbers)

    async def update(self, where: Condition, update: Update, after: str, limit: int) -> Batch:
        sql = SqliteSql(self._collection)
        text = f"SELECT id, data {_FROM} AND ({sql.where(where)}) AND id > {sql.bind(after)}"
        text += f" ORDER BY id LIMIT {sql.bind(limit)}"
        async with self._database._lock:
            connection = await self._connection()
            await connection.execute("BEGIN IMMEDIATE")
            try:
                rows = _decoded(await connection.execute_fetchall(text, sql.params))
                changed = changed_rows(rows, update)
                await self._write(connection, changed)
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
        return batch_of(rows, len(changed), limit)

    async def delete(self, where: Condition, limit: int) -> int:
        sql = SqliteSql(self._collection)
        chosen = f"SELECT id {_FROM} AND ({sql.where(where)}) LIMIT {sql.bind(limit)}"
        async with self._database._lock:
            connection = await self._connection()
            async with connection.execute(
                f"DELETE {_FROM} AND id IN ({chosen})", sql.params
            ) as cursor:
                deleted = int(cursor.rowcount)
            await connection.commit()
        return deleted

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        sql = SqliteSql(self._collection)
        columns = ", ".join(sql.text(field) for field in fields)
        text = f"SELECT DISTINCT {columns} {_FROM} AND ({sql.where(where)})"
        return [tuple(row) for row in await self._fetch(text, sql.params)]

    async def _fetch(self, text: str, params: Sequence[Any]) -> Any:
        """All rows in one call of the connection's thread."""
        return await (await self._connection()).execute_fetchall(text, params)

    async def _write(self, connection: Any, rows: Sequence[Row]) -> None:
        await connection.executemany(
            "UPDATE records SET data = ? WHERE collection = ? AND id = ?",
            [(json.dumps(row), self._collection, row["id"]) for row in rows],
        )

    async def _connection(self) -> Any:
        """The connection, with our function. jvspatial opens a new connection when it needs one."""
        connection = await self._database._get_connection()
        if connection not in _prepared:
            await connection.create_function("jvscheduler_regex", 3, _regex, deterministic=True)
            _prepared.add(connection)
        return connection


def _regex(pattern: str, options: str, value: Any) -> bool:
    return isinstance(value, str) and searches(pattern, options, value)


def _decoded(rows: Any) -> list[Row]:
    return [row_of(row["id"], row["data"]) for row in rows]
