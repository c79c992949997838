"""A jvspatial database as the history needs it: it can be closed, and has indexes by entity.

Entities of all classes share one collection, and each query asks for one class. So an index
begins with the entity's class. jvspatial creates all other kinds of indexes itself.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from jvspatial.db.database import Database, DatabaseError
from jvspatial.exceptions import DatabaseError as OperationFailed

from jvscheduler.history.queries.matching import Row

COMMON_FAILURES: Final[tuple[type[Exception], ...]] = (
    OSError,
    TimeoutError,
    DatabaseError,
    OperationFailed,
)
"""The errors of the network and of jvspatial that every database raises when it is unavailable."""

Fields = str | list[tuple[str, int]]
"""The fields of an index: one path, or pairs of a path and 1 or -1."""


class HistoryDatabase(Database):
    """A base class to put before one of jvspatial's databases."""

    close: Callable[[], Coroutine[Any, Any, None]]
    """jvspatial's base class has no `close`, but each database that can hold a history has one."""

    async def disconnect(self) -> None:
        """Hold no connection any longer. The next call opens one."""
        await self.close()

    async def create_index(
        self, collection: str, field_or_fields: Fields, unique: bool = False, **options: Any
    ) -> None:
        if _is_plain(collection, unique, options):
            await self.create_entity_index(collection, field_or_fields)
        else:
            await super().create_index(collection, field_or_fields, unique, **options)

    async def of_namespace(self, schema: str) -> "HistoryDatabase | None":
        """The tables of a namespace, over the same connections; None when there are none yet."""
        raise NotImplementedError

    async def sizes_of_namespaces(self) -> Mapping[str, int]:
        """The bytes that the tables of each namespace take, with their indexes."""
        raise NotImplementedError

    async def create_entity_index(self, collection: str, fields: Fields) -> None:
        raise NotImplementedError


def _is_plain(collection: str, unique: bool, options: Row) -> bool:
    """True for an index of Objects without special options; queries for these name their class."""
    special = ("partialFilterExpression", "partial_filter_expression", "fulltext")
    return collection == "object" and not unique and not any(options.get(name) for name in special)


def pairs_of(fields: Fields) -> list[tuple[str, int]]:
    return [(fields, 1)] if isinstance(fields, str) else fields


def index_name(fields: Fields) -> str:
    return "_".join(path.replace(".", "_") for path, _ in pairs_of(fields))
