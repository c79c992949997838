"""Where an entity's rows are: the default database of jvspatial, each call bounded in time.

Indexes are made once for each class and process, as jvspatial does; a ping goes
first, since jvspatial only logs what it could not create.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from jvspatial.core import Object
from jvspatial.core.context import GraphContext, get_default_context

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.backend import BATCH_ROWS, Rows
from jvscheduler.history.backends.registry import backend_of, innermost
from jvscheduler.history.bounded import BoundedCalls
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.urls import parse_url

T = TypeVar("T")

CALL_SECONDS: Final = 60.0
"""For one query or one batch; the database's own limit may be lower."""

_ready: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@dataclass(frozen=True)
class UpdateResult:
    """`modified_count` leaves out those that were so already."""

    matched_count: int
    modified_count: int


@dataclass(frozen=True)
class DeleteResult:
    deleted_count: int


@dataclass(frozen=True)
class Table:
    context: GraphContext
    collection: str
    rows: Rows
    calls: BoundedCalls

    async def insert(self, record: Row, *, repeat: bool) -> Row | None:
        """The row that is there already; None when this one was stored."""
        return await self._call(lambda: self.rows.insert(record), repeat=repeat)

    async def save(self, record: Row) -> None:
        await self._call(lambda: self.context.database.save(self.collection, record))
        await self._forget([str(record["id"])])

    async def find(
        self, where: Condition, sort: Sequence[Sort], limit: int | None, skip: int
    ) -> list[Row]:
        return await self._call(lambda: self.rows.find(where, sort, limit, skip))

    async def count(self, where: Condition) -> int:
        return (await self._call(lambda: self.rows.counts([where])))[0]

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        return await self._call(lambda: self.rows.distinct(where, fields))

    async def change_one(self, where: Condition, change: Callable[[Row], Row]) -> UpdateResult:
        return await self._change(where, change, most=1)

    async def change_all(self, where: Condition, change: Callable[[Row], Row]) -> UpdateResult:
        return await self._change(where, change, most=None)

    async def delete(self, where: Condition, limit: int) -> int:
        deleted = await self._call(lambda: self.rows.delete(where, limit), repeat=False)
        await self.context.clear_cache()
        return deleted

    async def delete_all(self, where: Condition) -> int:
        deleted = done = await self.delete(where, BATCH_ROWS)
        while done == BATCH_ROWS:
            done = await self.delete(where, BATCH_ROWS)
            deleted += done
        return deleted

    async def _change(
        self, where: Condition, change: Callable[[Row], Row], most: int | None
    ) -> UpdateResult:
        matched = modified = 0
        after: str | None = ""
        while after is not None:
            batch = partial(self.rows.update, where, change, after, most or BATCH_ROWS)
            done = await self._call(batch, repeat=False)
            matched, modified = matched + done.matched, modified + done.modified
            after = None if most else done.last
        await self.context.clear_cache()
        return UpdateResult(matched, modified)

    async def _forget(self, ids: Iterable[str]) -> None:
        """jvspatial's own `get` answers from its cache."""
        for row_id in ids:
            await self.context._evict_from_cache(row_id)  # noqa: SLF001 - it has no public name

    async def _call(self, operation: Callable[[], Awaitable[T]], *, repeat: bool = True) -> T:
        return await self.calls.run(operation, repeat=repeat)


async def table_of(entity: type[Object], collection: str) -> Table:
    context = get_default_context()
    table = _table(context, collection)
    known = _ready.setdefault(context.database, set())
    key = f"{entity.__module__}.{entity.__qualname__}"
    if key not in known:
        await table._call(lambda: context.database.get(collection, "o.Object.ping"))  # noqa: SLF001
        await context.ensure_indexes(entity)
        known.add(key)
    return table


def _table(context: GraphContext, collection: str) -> Table:
    database = context.database
    failing = backend_of(innermost(database))
    calls = BoundedCalls(_name(database), CALL_SECONDS, failing.failures, failing.describe)
    return Table(context, collection, backend_of(database).rows(database, collection), calls)


def _name(database: Any) -> str:
    """The database in messages: its URL without the password, if it has one."""
    url = backend_of(database).url_of(database)
    try:
        return parse_url(url).redacted if url else type(database).__name__
    except InvalidSettings:  # a user's own database may have a URL that a history may not have
        return type(database).__name__
