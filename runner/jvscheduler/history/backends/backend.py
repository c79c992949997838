"""The interface of a database for the history: a `Backend`, and the parts that it makes.

All parts work on rows: dicts of `id`, `entity` and `context`, as jvspatial stores its entities.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Protocol

from jvscheduler.history.backends.database import HistoryDatabase
from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.url import DatabaseUrl
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.slots.requests import Slots

BATCH_ROWS: Final = 500
"""The most rows that one call changes or deletes. Other writers wait for one batch at a time."""

Update = Callable[[Row], Row]
"""Returns the changed row. Raises when the row would not be valid any more."""


@dataclass(frozen=True)
class Batch:
    """The result of a call of `Rows.update`."""

    matched: int
    modified: int
    last: str | None = None
    """The id after which the next batch begins; None when no rows are left."""


class Rows(Protocol):
    """The rows of a collection, found and changed by conditions."""

    async def insert(self, row: Row) -> Row | None:
        """Insert the row if its id is free. Returns the row that has the id already, else None."""

    async def find(
        self,
        where: Condition,
        sort: Sequence[Sort],
        limit: int | None,
        skip: int,
        without: Sequence[str] = (),
    ) -> list[Row]:
        """The rows without the fields at these paths, which the database does not even send."""

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        """How many rows match each condition."""

    async def update(self, where: Condition, update: Update, after: str, limit: int) -> Batch:
        """Change at most `limit` matching rows with ids above `after`.

        When `update` raises for one row, no row of the batch is changed.
        """

    async def delete(self, where: Condition, limit: int) -> int:
        """Delete at most `limit` matching rows, in no particular order."""

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        """The distinct combinations of values of these text fields."""


@dataclass(frozen=True)
class RowChange:
    """A compare-and-set of one row's context."""

    id: str
    expected: Mapping[str, str | int | None]
    """The change is made only while these fields have these values."""
    values: Mapping[str, Any]
    """The fields to set."""


class Statements(Protocol):
    """Many rows of a collection at once, by id. Every call may be repeated without harm."""

    async def insert(self, rows: Sequence[Row]) -> Set[str]:
        """Insert the rows whose ids are free, and return those ids."""

    async def get(self, ids: Sequence[str]) -> list[Row]:
        """The rows that exist, in any order."""

    async def change(self, changes: Sequence[RowChange]) -> Set[str]:
        """Change the rows that are as expected, and return their ids."""

    async def latest(
        self, entity: str, namespace: str, tasks: Sequence[str], until: str
    ) -> list[Row]:
        """For each task its row with the latest `scheduled_time` up to `until`.

        Tasks without such a row are left out.
        """


@dataclass(frozen=True)
class Backend:
    """One kind of database. The registry finds it by the scheme of a URL.

    `rows`, `statements` and `slots` take a database object and a collection's name. The object is
    ours, or jvspatial's own of this kind, which a user has opened.
    """

    open: Callable[[DatabaseUrl, Limits], HistoryDatabase]
    """The database at a URL.

    It connects when it is first used, so that a task that needs no database pays nothing."""
    url_of: Callable[[Any], str | None]
    """The URL of a database object; None when it has none, because it is in memory."""
    rows: Callable[[Any, str], Rows]
    statements: Callable[[Any, str], Statements]
    slots: Callable[[Any, str], Slots]
    failures: tuple[type[Exception], ...]
    """The errors that its driver raises when the database is unavailable."""
    refuses: Callable[[Exception], bool]
    """True for one of these errors that is no outage: the database refuses what was asked."""
    describe: Callable[[Exception], str] = str
    """The text of such an error for a message: short, and without the driver's settings."""


def changed_rows(rows: Sequence[Row], update: Update) -> list[Row]:
    """The updated rows, without those that the update leaves as they are."""
    return [after for before in rows if (after := update(before)) != before]


def batch_of(rows: Sequence[Row], modified: int, limit: int) -> Batch:
    return Batch(len(rows), modified, str(rows[-1]["id"]) if len(rows) == limit else None)
