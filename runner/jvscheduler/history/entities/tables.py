"""The table of an entity's rows in jvspatial's default database. Each call is bounded in time.

As in jvspatial, the indexes of a class are created once in each process.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from jvspatial.core import Object
from jvspatial.core import context as jvspatials
from jvspatial.core.context import GraphContext, get_default_context
from jvspatial.db.manager import DatabaseManager

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.backend import BATCH_ROWS, Rows, Update
from jvscheduler.history.backends.registry import backend_of, innermost
from jvscheduler.history.bounded import BoundedCalls
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.urls import parse_url

T = TypeVar("T")

_CALL_SECONDS: Final = 60.0
"""The limit of one query or one batch. The database's own limit may be lower."""

_indexed: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""By database, the classes whose indexes were created."""


@dataclass(frozen=True)
class UpdateResult:
    """The result of an update. Names and meanings are those of MongoDB's drivers."""

    matched_count: int
    modified_count: int
    """The matched entities that the update made different."""


@dataclass(frozen=True)
class DeleteResult:
    """The result of a delete. Names and meanings are those of MongoDB's drivers."""

    deleted_count: int


@dataclass(frozen=True)
class Table:
    context: GraphContext
    collection: str
    rows: Rows
    calls: BoundedCalls

    async def insert(self, record: Row, *, repeat: bool) -> Row | None:
        """Insert the row if its id is free. Returns the row that has the id already, else None."""
        return await self._call(lambda: self.rows.insert(record), repeat=repeat)

    async def save(self, record: Row) -> None:
        await self._call(lambda: self.context.database.save(self.collection, record))
        # jvspatial's own `get` would answer from its cache; there is no public name to clear it.
        await self.context._evict_from_cache(str(record["id"]))  # noqa: SLF001

    async def find(
        self, where: Condition, sort: Sequence[Sort], limit: int | None, skip: int
    ) -> list[Row]:
        return await self._call(lambda: self.rows.find(where, sort, limit, skip))

    async def count(self, where: Condition) -> int:
        return (await self._call(lambda: self.rows.counts([where])))[0]

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        return await self._call(lambda: self.rows.distinct(where, fields))

    async def update_one(self, where: Condition, update: Update) -> UpdateResult:
        return await self._update(where, update, most=1)

    async def update_all(self, where: Condition, update: Update) -> UpdateResult:
        return await self._update(where, update, most=None)

    async def delete(self, where: Condition, limit: int) -> int:
        # Repeated, it would delete other rows than those that the lost answer counted.
        deleted = await self._call(lambda: self.rows.delete(where, limit), repeat=False)
        await self.context.clear_cache()
        return deleted

    async def delete_all(self, where: Condition) -> int:
        deleted = done = await self.delete(where, BATCH_ROWS)
        while done == BATCH_ROWS:
            done = await self.delete(where, BATCH_ROWS)
            deleted += done
        return deleted

    async def _update(self, where: Condition, update: Update, most: int | None) -> UpdateResult:
        matched = modified = 0
        after: str | None = ""
        while after is not None:
            batch = partial(self.rows.update, where, update, after, most or BATCH_ROWS)
            # Repeated, an `$inc` whose answer was lost would count twice.
            done = await self._call(batch, repeat=False)
            matched, modified = matched + done.matched, modified + done.modified
            after = None if most else done.last
        await self.context.clear_cache()
        return UpdateResult(matched, modified)

    async def _call(self, call: Callable[[], Awaitable[T]], *, repeat: bool = True) -> T:
        return await self.calls.run(call, repeat=repeat)


async def table_of(entity: type[Object], collection: str) -> Table:
    """The table of an entity's class, with its indexes."""
    context = _context()
    table = _table(context, collection)
    indexed = _indexed.setdefault(context.database, set())
    key = f"{entity.__module__}.{entity.__qualname__}"
    if key not in indexed:
        # jvspatial only logs when it cannot create an index, so a ping finds out first.
        await table._call(lambda: context.database.get(collection, "o.Object.ping"))  # noqa: SLF001
        await context.ensure_indexes(entity)
        indexed.add(key)
    return table


def _context() -> GraphContext:
    """The context in which entities are stored. Raises InvalidSettings when nobody has set one.

    jvspatial would make one, with an empty database of its own: a script would find no job in it,
    whatever JVSCHEDULER_DATABASE_URL says.
    """
    # jvspatial has no public way to ask whether a context is set, so its version is pinned.
    is_set = jvspatials._default_context_var.get() or jvspatials._module_default_context  # noqa: SLF001
    manager = DatabaseManager._instance  # noqa: SLF001
    if is_set is None and (manager is None or manager._auto_created):  # noqa: SLF001
        raise InvalidSettings(
            "entities have no database here: put the code into `async with "
            "jvscheduler.history.connect():`, which opens the one of JVSCHEDULER_DATABASE_URL, or "
            "connect(url); in a test, set_default_context(GraphContext(MemoryDatabase()))"
        )
    return get_default_context()


def _table(context: GraphContext, collection: str) -> Table:
    database = context.database
    failing = backend_of(innermost(database))
    calls = BoundedCalls(
        _name(database), _CALL_SECONDS, failing.failures, failing.describe, failing.refuses
    )
    return Table(context, collection, backend_of(database).rows(database, collection), calls)


def _name(database: Any) -> str:
    """The database in messages: its URL without the password, if it has one."""
    url = backend_of(database).url_of(database)
    try:
        return parse_url(url).redacted if url else type(database).__name__
    except InvalidSettings:  # a user's own database may have a URL that a history may not have
        return type(database).__name__
