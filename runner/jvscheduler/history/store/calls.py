"""The base of the database store's calls."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from jvscheduler.history.backends.backend import Backend
from jvscheduler.history.bounded import BoundedCalls
from jvscheduler.history.queries.conditions import Sort
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse
from jvscheduler.history.records.jobs import COLLECTION, ENTITY, ScheduledJob, decoded

T = TypeVar("T")
Query = dict[str, Any]

JOB_FIELDS: Final = fields_of(ScheduledJob)


class DatabaseCalls:
    """The rows, statements and slots of the history's collection in one database."""

    def __init__(self, backend: Backend, database: Any, calls: BoundedCalls) -> None:
        self._database = database
        self._rows = backend.rows(database, COLLECTION)
        self._statements = backend.statements(database, COLLECTION)
        self._slots = backend.slots(database, COLLECTION)
        self._calls = calls

    async def _find(
        self, query: Query, sort: Sequence[Sort] = (), limit: int | None = None
    ) -> tuple[list[ScheduledJob], list[str]]:
        """The jobs, and the ids of rows that are not valid records."""
        where = parse({"entity": ENTITY, **query}, JOB_FIELDS)
        return decoded(await self._call(lambda: self._rows.find(where, sort, limit, 0)))

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        return await self._calls.run(call)
