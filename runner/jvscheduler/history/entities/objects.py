"""`Object`: a jvspatial entity whose queries do what jvspatial's documentation promises.

jvspatial's own `Object` cannot update, delete or aggregate many entities. It has no limit or
sort. It compares times as the texts that happen to be stored, and drops rows that it cannot
read. This class can do all that, in jvspatial's format and default database: each class reads
what the other wrote. A class that derives from it needs nothing else.

A field annotated as a datetime is aware and UTC in an entity, is stored as UTC text of one
width, and gets an index. Queries compare it with datetimes (without a zone: local time), ISO
texts and Unix timestamps.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Self

from jvspatial.core import Object as JvspatialObject
from jvspatial.core.utils import find_subclass_by_name
from pydantic import ConfigDict, field_validator

from jvscheduler.history.decoding import (
    checked,
    context_of,
    each_decoded,
    problem_of,
    undecodable,
)
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
from jvscheduler.history.queries.limits import check_rows
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.queries.pipeline import leading_match, run_pipeline
from jvscheduler.history.queries.updates import applied, parse_update
from jvscheduler.history.queries.values import check_depth, storable
from jvscheduler.history.times import as_utc

Query = Mapping[str, Any]

_EVERYTHING: Final[Query] = MappingProxyType({})


class Object(JvspatialObject):
    model_config = ConfigDict(validate_default=True)

    @field_validator("*", mode="after")
    @classmethod
    def _times_are_utc(cls, value: Any) -> Any:
        return as_utc(value) if isinstance(value, datetime) else value

    @classmethod
    async def create(cls, **fields: Any) -> Self:
        """Store a new entity. Raises AlreadyExists when `fields` has the id of another one."""
        entity = cls(**fields)
        row = await entity.export()
        has_own_id = "id" in fields
        # With an id of the caller's, an insert must not be repeated when its answer was lost:
        # the repetition would find the row, and look as if another call had created it.
        existing = await (await cls._table()).insert(row, repeat=not has_own_id)
        if existing is not None and (has_own_id or existing != row):
            raise AlreadyExists(
                f"{row['entity']} {entity.id} is there already; use save to change it"
            )
        return entity

    async def save(self) -> Self:
        """Store the entity as it is now, and replace what is stored."""
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
        """The entities that match, by `sort` (pairs of field and 1 or -1), then by id.

        A row that is not a valid entity is left out, and logged with its id.
        """
        rows = await cls._rows(_given(query), fields, sort=sort, limit=limit, skip=skip)
        return each_decoded(rows, cls._decoded)[0]

    @classmethod
    async def find_one(
        cls, query: Query | None = None, *, sort: Any = None, **fields: Any
    ) -> Self | None:
        """The first entity that matches. Raises UndecodableRecord when it is not a valid one."""
        rows = await cls._rows(_given(query), fields, sort=sort, limit=1)
        return cls._decoded(rows[0]) if rows else None

    @classmethod
    async def count(cls, query: Query | None = None, **fields: Any) -> int:
        where = cls._where(_given(query), fields)
        return await (await cls._table()).count(where)

    @classmethod
    async def update_one(cls, query: Query, update: Mapping[str, Any]) -> UpdateResult:
        """Change the first entity that matches.

        Raises InvalidQuery when the result would not be a valid entity, and UndecodableRecord when
        the entity is none already. Then nothing is changed.
        """
        where, parsed = cls._where(query), parse_update(update, cls._resolve())
        return await (await cls._table()).update_one(where, partial(cls._changed, update=parsed))

    @classmethod
    async def update_many(cls, query: Query, update: Mapping[str, Any]) -> UpdateResult:
        """Change all entities that match, some hundred in a transaction.

        Raises InvalidQuery when a result would not be a valid entity. Then no entity of its
        transaction is changed. A row that is no valid entity already is logged and left out.
        """
        where, parsed = cls._where(query), parse_update(update, cls._resolve())
        return await (await cls._table()).update_all(
            where, partial(cls._changed_if_valid, update=parsed)
        )

    @classmethod
    async def delete_one(cls, query: Query) -> DeleteResult:
        where = cls._where(query)
        return DeleteResult(await (await cls._table()).delete(where, 1))

    @classmethod
    async def delete_many(cls, query: Query) -> DeleteResult:
        """Delete all entities that match, some hundred in a transaction."""
        where = cls._where(query)
        return DeleteResult(await (await cls._table()).delete_all(where))

    @classmethod
    async def distinct(
        cls, names: Sequence[str], query: Query | None = None
    ) -> list[tuple[Any, ...]]:
        """The distinct combinations of values of these text fields."""
        fields, where = [cls._resolve()(name) for name in names], cls._where(_given(query))
        return await (await cls._table()).distinct(where, fields)

    @classmethod
    async def aggregate(cls, pipeline: list[dict[str, Any]]) -> list[Row]:
        """The documents that the stages produce.

        The database does a `$match` at the start. The rows that it leaves are read, and pass
        through the other stages in memory. Documents are rows with `_id` and `context`; times
        in them are stored UTC text.
        """
        query, stages = leading_match(pipeline, cls._kinds())
        rows, _ = each_decoded(await cls._rows(query, {}), cls._readable)
        return run_pipeline(({"_id": row["id"], **row} for row in rows), stages)

    async def export(
        self,
        exclude_transient: bool = True,
        exclude: set[str] | dict[str, Any] | None = None,
        flat: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """The row of this entity, in jvspatial's form and with JSON values."""
        excluded = set(exclude or ()) | (
            self._get_transient_attrs() if exclude_transient else set()
        )
        for value in vars(self).values():  # pydantic cannot dump what is too deep
            check_depth(value)
        context = storable(self.model_dump(exclude=excluded, **options))
        row = {"id": self.id, "entity": self.entity}
        return {**row, **context} if flat else {**row, "context": context}

    @classmethod
    def get_indexes(cls) -> list[dict[str, Any]]:
        """The indexes that the class declares, and one for each time field without one."""
        declared: list[dict[str, Any]] = super().get_indexes()
        indexed = {index.get("field") for index in declared}
        times = [f"context.{name}" for name, kind in cls._kinds().items() if kind is Kind.TIME]
        newest_first = {"unique": False, "direction": -1, "per_class": True}
        added = [{"field": time, **newest_first} for time in times if time not in indexed]
        return [*declared, *added]

    @classmethod
    async def _rows(
        cls,
        query: Query,
        fields: Query,
        *,
        sort: Any = None,
        limit: int | None = None,
        skip: int = 0,
    ) -> list[Row]:
        check_rows("skip", skip)
        if limit is not None:
            check_rows("limit", limit)
        where, sorts = cls._where(query, fields), parse_sort(sort, cls._resolve())
        return await (await cls._table()).find(where, sorts, limit, skip)

    @classmethod
    def _where(cls, query: Any, fields: Query = _EVERYTHING) -> Condition:
        entities = tuple(sorted(cls._collect_class_names()))
        parts = (parse(part, cls._resolve()) for part in (query, fields))
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
        """The changed row. An update may mend a row that was no valid entity.

        Raises InvalidQuery when the update is wrong, and UndecodableRecord when the row is.
        """
        try:
            changed = applied(cls._readable(row), update)
            cls._decoded(checked(row["id"], changed))
        except (InvalidQuery, UndecodableRecord) as error:
            cls._decoded(row)
            if isinstance(error, InvalidQuery):
                raise
            problem = problem_of(error.__cause__ or error)
            raise InvalidQuery(
                f"the update would make {row['id']} no valid {cls._entity_name()}: {problem}"
            ) from error
        return changed

    @classmethod
    def _changed_if_valid(cls, row: Row, update: Mapping[str, Any]) -> Row:
        """As above, but a row that is no valid entity stays as it is: it must not fail others."""
        changed, _ = each_decoded([row], partial(cls._changed, update=update))
        return changed[0] if changed else row

    @classmethod
    def _readable(cls, row: Row) -> Row:
        """The row itself, if it has fields: a pipeline takes entities that are not valid too."""
        try:
            context_of(row)
        except (ValueError, KeyError, TypeError) as error:
            raise undecodable(row, cls._entity_name(), error) from error
        return row

    @classmethod
    def _decoded(cls, row: Row) -> Self:
        entity = str(row.get("entity"))
        target = cls if entity == cls._entity_name() else find_subclass_by_name(cls, entity) or cls
        try:
            return target(**context_of(row))
        except Exception as error:
            raise undecodable(row, cls._entity_name(), error) from error


def _given(query: Query | None) -> Query:
    """A call that reads may leave the query out. A call that changes entities must say `{}`."""
    return _EVERYTHING if query is None else query
