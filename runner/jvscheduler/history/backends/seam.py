"""What a database must do with many rows at once."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol

from jvscheduler.history.queries.matching import Row


@dataclass(frozen=True)
class Change:
    """Of one row: new values of fields of its context, if others are as expected."""

    id: str
    expected: Mapping[str, str | int | None]
    values: Mapping[str, Any]


class Statements(Protocol):
    """Each call is one transaction, and may be repeated."""

    async def insert(self, rows: Sequence[Row]) -> Set[str]:
        """The ids of those that were not there, and are now."""

    async def get(self, ids: Sequence[str]) -> list[Row]:
        """Those that are there, in any order."""

    async def change(self, changes: Sequence[Change]) -> Set[str]:
        """The ids of those that were as expected, and are changed."""

    async def last_of(
        self, entity: str, namespace: str, tasks: Sequence[str], until: str
    ) -> list[Row]:
        """Of each task the row with the latest `scheduled_time` up to `until`; those that have
        none are left out."""
