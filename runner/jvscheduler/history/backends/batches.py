"""What all kinds of rows share: the seam, and how a change of many is told in batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from jvspatial.db.database import Database

from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row

BATCH: Final = 500
"""Rows that one call changes or deletes: others wait no longer than for these."""

Change = Callable[[Row], Row]


@dataclass(frozen=True)
class Batch:
    """What one batch did; `last` is the id to go on after, None when nothing is left."""

    matched: int
    modified: int
    last: str | None = None


class Rows(Protocol):
    async def insert(self, row: Row) -> Row | None:
        """The row that is there already; None when this one was stored."""

    async def find(
        self, where: Condition, sort: Sequence[Sort], limit: int | None, skip: int
    ) -> list[Row]: ...

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        """How many match each."""

    async def change(self, where: Condition, change: Change, after: str, limit: int) -> Batch:
        """Changes at most `limit` rows with ids above `after`; none when one of them cannot
        be changed."""

    async def delete(self, where: Condition, limit: int) -> int:
        """Deletes at most `limit` rows, no matter which."""

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        """The different values that fields of text have together."""


async def inserted(database: Database, collection: str, row: Row) -> Row | None:
    """As `Rows.insert` says, by jvspatial's own way."""
    stored = await database.insert_if_absent(collection, row)
    return None if stored.created else dict(stored.record)


def changed_rows(rows: Sequence[Row], change: Change) -> list[Row]:
    """Only those that the change makes different."""
    return [after for before in rows if (after := change(before)) != before]


def batch_of(rows: Sequence[Row], modified: int, limit: int) -> Batch:
    return Batch(len(rows), modified, str(rows[-1]["id"]) if len(rows) == limit else None)
