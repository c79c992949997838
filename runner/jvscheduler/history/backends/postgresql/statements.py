"""Many rows at once on PostgreSQL: each call is one statement.

Every statement locks its rows in the order of their ids. Otherwise two statements with rows in
common could wait for each other for ever (a deadlock).
"""

# jvspatial's pool and tables have no public names, so its version is pinned.
# ruff: noqa: SLF001 - SQL consists of constants, and values are bound

import json
from collections.abc import Sequence, Set
from operator import attrgetter, itemgetter
from typing import Any, Final

from jvspatial.db.postgres import PostgresDB

from jvscheduler.history.backends.backend import RowChange
from jvscheduler.history.decoding import row_of
from jvscheduler.history.queries.matching import Row

_INSERT: Final = """
INSERT INTO {table} (id, entity, data)
SELECT * FROM unnest($1::text[], $2::text[], $3::jsonb[])
ON CONFLICT (id) DO NOTHING RETURNING id
"""
_GET: Final = "SELECT id, data FROM {table} WHERE id = ANY($1::text[])"
_CHANGE: Final = """
WITH locked AS MATERIALIZED (
    SELECT id FROM {table} WHERE id = ANY($1::text[]) ORDER BY id COLLATE "C" FOR UPDATE
)
UPDATE {table} AS old SET
    data = jsonb_set(old.data, '{{context}}', old.data -> 'context' || new.values),
    updated_at = NOW()
FROM locked JOIN unnest($1::text[], $2::jsonb[], $3::jsonb[]) AS new(id, expected, values)
    USING (id)
WHERE old.id = locked.id AND old.data -> 'context' @> new.expected
RETURNING old.id
"""
_LAST: Final = """
SELECT last.id, last.data FROM unnest($3::text[]) AS task(id) CROSS JOIN LATERAL (
    SELECT id, data FROM {table}
    WHERE entity = $1 AND data #>> '{{context,job_name}}' = task.id
        AND data #>> '{{context,namespace}}' = $2
        AND data #>> '{{context,scheduled_time}}' <= $4
    ORDER BY data #>> '{{context,scheduled_time}}' DESC NULLS LAST LIMIT 1
) AS last
"""


class PostgresStatements:
    def __init__(self, database: PostgresDB, collection: str) -> None:
        self._database = database
        self._collection = collection
        self._table = f"{database.schema_name}.{collection}"

    async def insert(self, rows: Sequence[Row]) -> Set[str]:
        ordered = sorted(rows, key=itemgetter("id"))
        ids, entities = [row["id"] for row in ordered], [row["entity"] for row in ordered]
        texts = [json.dumps(row) for row in ordered]
        return {row["id"] for row in await self.run(_INSERT, ids, entities, texts)}

    async def get(self, ids: Sequence[str]) -> list[Row]:
        return [row_of(row["id"], row["data"]) for row in await self.run(_GET, ids)]

    async def change(self, changes: Sequence[RowChange]) -> Set[str]:
        ordered = sorted(changes, key=attrgetter("id"))
        expected = [json.dumps(change.expected) for change in ordered]
        values = [json.dumps(change.values) for change in ordered]
        rows = await self.run(_CHANGE, [change.id for change in ordered], expected, values)
        return {row["id"] for row in rows}

    async def latest(
        self, entity: str, namespace: str, tasks: Sequence[str], until: str
    ) -> list[Row]:
        rows = await self.run(_LAST, entity, namespace, tasks, until)
        return [row_of(row["id"], row["data"]) for row in rows]

    async def run(self, text: str, *values: Any) -> list[Any]:
        """The rows of a statement, in which `{table}` stands for the collection's table."""
        await self._database._bootstrap_collection(self._collection)
        async with self._database._acquire_conn() as connection:
            return list(await connection.fetch(text.format(table=self._table), *values))
