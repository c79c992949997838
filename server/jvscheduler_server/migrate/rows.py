"""Moves the rows of 0.1.0 into the partitions of their namespaces. No row is lost.

0.1.0 kept the rows of all namespaces in tables of the schema `public`. Our records say which
namespace they are of. Users' own entities, nodes and edges do not. They go to the only namespace
if there is one. Otherwise they stay in `public`, where only the owner reads them, until they are
given to a namespace.

A row that may not stand in a partition stays in `public` too, and so does one whose id is there
already with other content.
"""

from dataclasses import dataclass
from typing import Any, Final

KINDS: Final = ("object", "node", "edge")
_OURS: Final = """
SELECT DISTINCT data #>> '{context,namespace}' FROM public.object
WHERE entity IN ('ScheduledJob', 'TaskSlot', 'ScheduleRevision', 'SchedulerPresence',
    'UnsettledTakeover')
    AND data #>> '{context,namespace}' ~ '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$'
"""
_IS_OF: Final = """
    entity IN ('ScheduledJob', 'TaskSlot', 'ScheduleRevision', 'SchedulerPresence',
        'UnsettledTakeover')
    AND data #>> '{{context,namespace}}' = {namespace}
"""
_COPY: Final = """
INSERT INTO {schema}.{kind} (id, entity, tenant_id, data, _v, created_at, updated_at)
SELECT id, entity, tenant_id, data, _v, created_at, updated_at FROM public.{kind}
WHERE ({which}) AND ({check}) ON CONFLICT (id) DO NOTHING
"""
_FORGET: Final = """
DELETE FROM public.{kind} AS old USING {schema}.{kind} AS new
WHERE old.id = new.id AND old.data = new.data
"""
_COUNT: Final = "SELECT count(*) FROM public.{kind}"


@dataclass(frozen=True)
class Moved:
    rows: int = 0
    left: int = 0
    """How many rows are in `public` still."""


async def move_rows(connection: Any, give_rest_to: str | None) -> Moved:
    present = [kind for kind in KINDS if await _is_plain_table(connection, kind)]
    if not present:
        return Moved()
    for kind in present:
        await connection.execute(f"LOCK TABLE public.{kind} IN SHARE ROW EXCLUSIVE MODE")
    before = await _rows(connection, present)
    found = [row[0] for row in await connection.fetch(_OURS)] if "object" in present else []
    for namespace in found:
        await _move(connection, namespace, ["object"], only_ours=True)
    rest = give_rest_to or (found[0] if len(found) == 1 else None)
    if rest is not None:
        await _move(connection, rest, present, only_ours=False)
    left = await _rows(connection, present)
    return Moved(before - left, left)


async def _is_plain_table(connection: Any, kind: str) -> bool:
    found = await connection.fetchval("SELECT to_regclass($1)::text", f"public.{kind}")
    return found is not None


async def _rows(connection: Any, kinds: list[str]) -> int:
    counts = [await connection.fetchval(_COUNT.format(kind=kind)) for kind in kinds]
    return sum(counts)


async def _move(connection: Any, namespace: str, kinds: list[str], *, only_ours: bool) -> None:
    made = "SELECT quote_ident(jvscheduler.make_tables($1)), jvscheduler.check_of($1)"
    made += ", quote_literal($1::text)"
    schema, check, literal = await connection.fetchrow(made, namespace)
    which = _IS_OF.format(namespace=literal) if only_ours else "true"
    for kind in kinds:
        await connection.execute(_COPY.format(schema=schema, kind=kind, which=which, check=check))
        await connection.execute(_FORGET.format(schema=schema, kind=kind))
