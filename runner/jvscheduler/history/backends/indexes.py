"""Indexes of entities: made in the way of each database, beginning with the entity.

Entities of all classes share a collection, and a query is of one class. What is
no plain index of entities is left to jvspatial.
"""

from typing import Any

Row = dict[str, Any]
Fields = str | list[tuple[str, int]]


class EntityIndexes:
    """Stands before a database of jvspatial's."""

    async def create_index(
        self, collection: str, field_or_fields: Fields, unique: bool = False, **options: Any
    ) -> None:
        if _is_plain(collection, unique, options):
            await self._create_plain(collection, field_or_fields)
        else:
            made: Any = super()
            await made.create_index(collection, field_or_fields, unique, **options)

    async def _create_plain(self, collection: str, fields: Fields) -> None:
        raise NotImplementedError


def _is_plain(collection: str, unique: bool, options: Row) -> bool:
    """An index of entities that are no graph's: these are always asked for by their class."""
    special = ("partialFilterExpression", "partial_filter_expression", "fulltext")
    return collection == "object" and not unique and not any(options.get(name) for name in special)


def pairs_of(fields: Fields) -> list[tuple[str, int]]:
    return [(fields, 1)] if isinstance(fields, str) else fields


def named(fields: Fields) -> str:
    return "_".join(path.replace(".", "_") for path, _ in pairs_of(fields))
