"""Slots on SQLite: one transaction reads which slots are held, and takes free ones."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jvscheduler.history.backends.sqlite.statements import SqliteStatements
from jvscheduler.history.decoding import each_decoded, row_of
from jvscheduler.history.slots.choice import ENTITY, TaskSlot, choose_slots
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.times import to_text

_SLOTS: Final = """
SELECT id, data FROM records WHERE collection = ? AND json_extract(data, '$.entity') = ?
"""
_HELD_BY: Final = """
WHERE collection = ?1 AND json_extract(data, '$.entity') = ?2
    AND json_extract(data, '$.context.holder') IN (SELECT value FROM json_each(?3))
"""
_EXTEND: Final = f"UPDATE records SET data = json_set(data, '$.context.expiry_time', ?4) {_HELD_BY}"  # noqa: S608
_RELEASE: Final = f"DELETE FROM records {_HELD_BY}"  # noqa: S608


class SqliteSlots:
    def __init__(self, statements: SqliteStatements) -> None:
        self._statements = statements
        self._collection = statements.collection

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        def acquired(connection: sqlite3.Connection) -> list[bool]:
            rows = connection.execute(_SLOTS, (self._collection, ENTITY)).fetchall()
            stored = [row_of(row["id"], row["data"]) for row in rows]
            held, _ = each_decoded(stored, TaskSlot.from_row)
            chosen = choose_slots(requests, held, now)
            for slot in filter(None, chosen):
                self._save(connection, slot)
            return [slot is not None for slot in chosen]

        return await self._statements.transact(acquired)

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        await self._write(_EXTEND, holders, to_text(now + EXPIRY))

    async def release_slots(self, holders: Sequence[str]) -> None:
        await self._write(_RELEASE, holders)

    async def _write(self, text: str, holders: Sequence[str], *values: str) -> None:
        bound = (self._collection, ENTITY, json.dumps(holders), *values)
        await self._statements.transact(lambda connection: connection.execute(text, bound))

    def _save(self, connection: sqlite3.Connection, slot: TaskSlot) -> None:
        text = "INSERT OR REPLACE INTO records (collection, id, data) VALUES (?, ?, ?)"
        connection.execute(text, (self._collection, slot.id, json.dumps(slot.to_row())))
