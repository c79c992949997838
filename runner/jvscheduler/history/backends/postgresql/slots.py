"""Slots on PostgreSQL: one statement takes all that are free, repeated when another was faster.

The statement itself checks the limit. The slots that are read before it only help to choose.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final

from jvscheduler.history.backends.postgresql.statements import PostgresStatements
from jvscheduler.history.decoding import each_decoded, row_of
from jvscheduler.history.slots.acquiring import acquire
from jvscheduler.history.slots.choice import TaskSlot
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.times import to_text

# A slot is taken when the limit holds with all lower slots held, or when the job has it already.
# ON CONFLICT: the slot's row exists, and may be taken over when it has expired or is the job's.
_TAKE: Final = """
INSERT INTO {table} AS old (id, entity, data)
SELECT new.id, 'TaskSlot', new.data FROM unnest($1::text[], $2::jsonb[]) AS new(id, data),
    jsonb_to_record(new.data -> 'context') AS asked(
        job_name text, namespace text, number int, "limit" int, owner text)
WHERE asked.number + 1 + (
    SELECT COUNT(*) FROM {table} AS other
    WHERE other.entity = 'TaskSlot'
        AND other.data #>> '{{context,job_name}}' = asked.job_name
        AND other.data #>> '{{context,namespace}}' = asked.namespace
        AND other.data #>> '{{context,expiry_time}}' > $3
        AND (other.data #>> '{{context,number}}')::int > asked.number
) <= asked."limit" OR EXISTS (
    SELECT FROM {table} AS own
    WHERE own.id = new.id AND own.data #>> '{{context,owner}}' = asked.owner
)
ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, updated_at = NOW()
WHERE old.data #>> '{{context,expiry_time}}' <= $3
    OR old.data #>> '{{context,owner}}' = EXCLUDED.data #>> '{{context,owner}}'
RETURNING id
"""
_OF_TASKS: Final = """
SELECT id, data FROM {table}
WHERE entity = 'TaskSlot' AND data #>> '{{context,job_name}}' = ANY($1::text[])
"""
_OF_HOLDERS: Final = """
WITH held AS MATERIALIZED (
    SELECT id FROM {table}
    WHERE entity = 'TaskSlot' AND data #>> '{{context,holder}}' = ANY($1::text[])
    ORDER BY id COLLATE "C" FOR UPDATE
)
"""
_EXTEND: Final = f"""{_OF_HOLDERS}
UPDATE {{table}} AS slot SET
    data = jsonb_set(slot.data, '{{{{context,expiry_time}}}}', to_jsonb($2::text)),
    updated_at = NOW()
FROM held WHERE slot.id = held.id AND slot.data #>> '{{{{context,holder}}}}' = ANY($1::text[])
"""  # noqa: S608 - constants
_RELEASE: Final = f"""{_OF_HOLDERS}
DELETE FROM {{table}} AS slot USING held
WHERE slot.id = held.id AND slot.data #>> '{{{{context,holder}}}}' = ANY($1::text[])
"""  # noqa: S608 - constants


class PostgresSlots:
    def __init__(self, statements: PostgresStatements) -> None:
        self._statements = statements

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        # A task with one slot leaves nothing to choose: the statement alone tells if it is free.
        read_first = any(request.limit != 1 for request in requests)
        return await acquire(requests, now, self._held, self._take, read_first=read_first)

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        await self._statements.run(_EXTEND, holders, to_text(now + EXPIRY))

    async def release_slots(self, holders: Sequence[str]) -> None:
        await self._statements.run(_RELEASE, holders)

    async def _take(self, slots: Sequence[TaskSlot], now: datetime) -> set[str]:
        rows = {slot.id: json.dumps(slot.to_row()) for slot in sorted(slots, key=attrgetter("id"))}
        texts = list(rows.values())
        taken = await self._statements.run(_TAKE, list(rows), texts, to_text(now))
        return {row["id"] for row in taken}

    async def _held(self, requests: Sequence[SlotRequest]) -> list[TaskSlot]:
        rows = await self._statements.run(_OF_TASKS, [request.task_id for request in requests])
        return each_decoded([row_of(row["id"], row["data"]) for row in rows], TaskSlot.from_row)[0]
