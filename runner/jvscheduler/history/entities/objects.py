"""`Object`: an entity of jvspatial whose queries do what jvspatial's documentation promises.

jvspatial's own has no update, delete or aggregation of many, no limit or sort,
compares times as whatever text they were stored as, and drops rows that it
cannot read. This one keeps its format and its default database, so that either
reads what the other wrote; a class that derives from it needs nothing else.

Times: a field annotated as a datetime is aware UTC once it is in an entity, and
stored as UTC text of one width; it gets an index. Queries compare it with
datetimes (without a zone: local time), ISO texts and Unix timestamps.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self

from jvspatial.core import Object as JvspatialObject
from jvspatial.core.utils import find_subclass_by_name
from pydantic import ConfigDict, field_validator

from jvscheduler.history.entities.tables import DeleteResult, Table, UpdateResult, table_of
from jvscheduler.history.errors import AlreadyExists, InvalidQuery, UndecodableRecord
from jvscheduler.history.queries.conditions import (
    AllOf,
    Condition,
    Field,
    Kind,
    OneOf,
)
from jvscheduler.history.queries.fields import Kinds, Resolve, fields_of, kinds_of
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.queries.pipeline import leading_match, run_pipeline
from jvscheduler.history.queries.updates import applied, parse_update
from jvscheduler.history.queries.values import storable
from jvscheduler.history.times import as_utc

Query = Mapping[str, Any]

log = logging.getLogger(__name__)


class Object(JvspatialObject):
    model_config = ConfigDict(validate_default=True)

    @field_validator("*", mode="after")
    @classmethod
    def _times_are_utc(cls, value: Any) -> Any:
        return as_utc(value) if isinstance(value, datetime) else value

    @classmethod
    async def create(cls, **fields: Any) -> Self:
        """Stores a new entity. Raises AlreadyExists when one has the id that is given."""
        made = cls(**fields)
        record = await made.export()
        given = "id" in fields
        found = await (await cls._table()).insert(record, repeat=not given)
        if found is not None and (given or found != record):
            raise AlreadyExists(
                f"{record['entity']} {made.id} is there already; use save to change it"
            )
        return made

    async def save(self) -> Self:
        """Stores the entity as it is now, over what is there."""
        await (await self._table()).save(await self.export())
        return self

    @classmethod
    async def find(  # type: ignore[override]  # jvspatial's list is of its own kind
        cls,
        query: Query | None = None,
        *,
        sort: Any = None,
        limit: int | None = None,
        skip: int = 0,
        **fields: Any,
    ) -> list[Self]:
        """All that match, by `sort` (pairs of field and 1 or -1), then by id.

        A row that is no valid entity is logged with its id and left out.
        """
        found: list[Self] = []
        for row in await cls._rows(query, fields, sort=sort, limit=limit, skip=skip):
            try:
                found.append(cls._decoded(row))
            except UndecodableRecord as error:
                log.warning("left out: %s", error)
        return found

    @classmethod
    async def find_one(
        cls, query: Query | None = None, *, sort: Any = None, **fields: Any
    ) -> Self | None:
        """The first that matches. Raises UndecodableRecord when it is no valid entity."""
        rows = await cls._rows(query, fields, sort=sort, limit=1)
        return cls._decoded(rows[0]) if rows else None

    @classmethod
    async def count(cls, query: Query | None = None, **fields: Any) -> int:
        where = cls._where(query, fields)
        return await (await cls._table()).count(where)

    @classmethod
    async def update_one(cls, query: Query, update: Mapping[str, Any]) -> UpdateResult:
        """Changes the first that matches. Raises UndecodableRecord, and changes
        nothing, when it would be no valid entity then."""
        where, parsed = cls._where(query), parse_update(update, cls._resolve())
        return await (await cls._table()).change_one(where, partial(cls._changed, update=parsed))

    @classmethod
    async def update_many(cls, query: Query, update: Mapping[str, Any]) -> UpdateResult:
        """Changes all that match, some hundred in a transaction."""
        where, parsed = cls._where(query), parse_update(update, cls._resolve())
        return await (await cls._table()).change_all(where, partial(cls._changed, update=parsed))

    @classmethod
    async def delete_one(cls, query: Query) -> DeleteResult:
        where = cls._where(query)
        return DeleteResult(await (await cls._table()).delete(where, 1))

    @classmethod
    async def delete_many(cls, query: Query) -> DeleteResult:
        """Deletes all that match, some hundred in a transaction."""
        where = cls._where(query)
        return DeleteResult(await (await cls._table()).delete_all(where))

    @classmethod
    async def distinct(
        cls, names: Sequence[str], query: Query | None = None
    ) -> list[tuple[Any, ...]]:
        """The different values that fields of text have together."""
        fields, where = [cls._resolve()(name) for name in names], cls._where(query)
        return await (await cls._table()).distinct(where, fields)

    @classmethod
    async def aggregate(cls, pipeline: list[dict[str, Any]]) -> list[Row]:
        """The documents that come out of the stages.

        A `$match` at the start is done by the database; what it leaves is read
        and goes through the other stages in memory. Documents are rows, with
        `_id` and `context`; times in them are their stored UTC text.
        """
        query, stages = leading_match(pipeline, cls._kinds())
        rows = await cls._rows(query, {})
        return run_pipeline(({"_id": row["id"], **row} for row in rows), stages)

    async def export(
        self,
        exclude_transient: bool = True,
        exclude: set[str] | dict[str, Any] | None = None,
        flat: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """The row of this entity: jvspatial's form, values as JSON has them."""
        left_out = set(exclude or ()) | (
            self._get_transient_attrs() if exclude_transient else set()
        )
        context = storable(self.model_dump(exclude=left_out, **options))
        row = {"id": self.id, "entity": self.entity}
        return {**row, **context} if flat else {**row, "context": context}

    @classmethod
    def get_indexes(cls) -> list[dict[str, Any]]:
        """Those that the class declares, and one for each field that is a time."""
        declared: list[dict[str, Any]] = super().get_indexes()
        indexed = {index.get("field") for index in declared}
        times = [f"context.{name}" for name, kind in cls._kinds().items() if kind is Kind.TIME]
        made = {"unique": False, "direction": -1, "per_class": True}
        return [*declared, *({"field": time, **made} for time in times if time not in indexed)]

    @classmethod
    async def _rows(
        cls,
        query: Query | None,
        fields: Query,
        *,
        sort: Any = None,
        limit: int | None = None,
        skip: int = 0,
    ) -> list[Row]:
        if skip < 0 or (limit is not None and limit < 0):
            raise InvalidQuery(f"limit and skip are 0 or more, not {limit} and {skip}")
        where, sorts = cls._where(query, fields), parse_sort(sort, cls._resolve())
        return await (await cls._table()).find(where, sorts, limit, skip)

    @classmethod
    def _where(cls, query: Query | None, fields: Query | None = None) -> Condition:
        entities = tuple(sorted(cls._collect_class_names()))
        parts = (parse(part, cls._resolve()) for part in (query, fields) if part)
        return AllOf((OneOf(Field("entity", Kind.TEXT), entities), *parts))

    @classmethod
    def _kinds(cls) -> Kinds:
        return kinds_of(cls)

    @classmethod
    def _resolve(cls) -> Resolve:
        return fields_of(cls)

    @classmethod
    async def _table(cls) -> Table:
        return await table_of(cls, "object")

    @classmethod
    def _changed(cls, row: Row, update: Mapping[str, Any]) -> Row:
        changed = applied(row, update)
        cls._decoded(changed)
        return changed

    @classmethod
    def _decoded(cls, row: Row) -> Self:
        entity = str(row.get("entity"))
        target = cls if entity == cls._entity_name() else find_subclass_by_name(cls, entity) or cls
        try:
            return target(**{**row["context"], "id": row["id"]})
        except (ValueError, KeyError, TypeError) as error:
            raise UndecodableRecord(
                f"row {row.get('id')} is no {cls._entity_name()}; mend or delete it ({error})"
            ) from error
