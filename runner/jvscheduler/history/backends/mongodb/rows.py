"""Rows on MongoDB, by our own queries over jvspatial's collection.

A single server has no transactions, so an update of many rows is a compare-and-set of each
document: it is replaced while it is as it was read; otherwise it is read and updated again. So
no other writer's change is lost.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from bson.raw_bson import RawBSONDocument
from jvspatial.db.mongodb import MongoDB
from pymongo.errors import DuplicateKeyError, OperationFailure

from jvscheduler.history.backends.backend import Batch, Update, batch_of, changed_rows
from jvscheduler.history.backends.mongodb.database import collection_of, when_connected
from jvscheduler.history.backends.mongodb.documents import document_of
from jvscheduler.history.backends.mongodb.queries import (
    Query,
    as_bson,
    mongo_path,
    mongo_query,
    mongo_sort,
)
from jvscheduler.history.decoding import checked
from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import Condition, Field, Sort
from jvscheduler.history.queries.matching import Row

_BAD_REGEX: Final = (2, 51091)
"""The codes of MongoDB's errors for a regular expression that it cannot read."""
_ID_ONLY: Final[Query] = {"$project": {"_id": 1}}


class MongoRows:
    def __init__(self, database: MongoDB, collection: str) -> None:
        self._database = database
        self._name = collection

    async def insert(self, row: Row) -> Row | None:
        collection = await self._collection()
        try:
            await self._made(lambda: collection.insert_one(_document(row)))
        except DuplicateKeyError:
            existing = await self._found({"_id": row["id"]})
            # None: it was deleted meanwhile, so the id is free again.
            return await self.insert(row) if existing is None else existing
        return None

    async def find(
        self,
        where: Condition,
        sort: Sequence[Sort],
        limit: int | None,
        skip: int,
        without: Sequence[str] = (),
    ) -> list[Row]:
        if limit == 0:
            return []
        order, computed = mongo_sort(sort, where)
        stages: list[Query] = [{"$match": mongo_query(where)}]
        stages += [{"$addFields": computed}] if computed else []
        stages += [{"$sort": order}]
        stages += [{"$skip": skip}] if skip else []
        stages += [{"$limit": limit}] if limit is not None else []
        hidden = [*computed, *without]
        stages += [{"$project": dict.fromkeys(hidden, 0)}] if hidden else []
        return [_row(document) for document in await self._aggregate(stages)]

    async def counts(self, wheres: Sequence[Condition]) -> list[int]:
        collection = await self._collection()

        async def count(where: Condition) -> int:
            query = mongo_query(where)
            return int(await self._made(lambda: collection.count_documents(query)))

        with _readable():
            return list(await asyncio.gather(*map(count, wheres)))

    async def update(self, where: Condition, update: Update, after: str, limit: int) -> Batch:
        match: Query = {"$match": {"$and": [mongo_query(where), {"_id": {"$gt": after}}]}}
        documents = await self._aggregate([match, {"$sort": {"_id": 1}}, {"$limit": limit}])
        rows = [_row(document) for document in documents]
        changed_rows(rows, update)  # raises before any row is changed, if one of them cannot be
        modified = [await self._update_one(row, where, update) for row in rows]
        return batch_of(rows, sum(modified), limit)

    async def delete(self, where: Condition, limit: int) -> int:
        query = mongo_query(where)
        chosen = await self._aggregate([{"$match": query}, {"$limit": limit}, _ID_ONLY])
        # Another writer may have changed a chosen document: it must still match to be deleted.
        still = {"$and": [{"_id": {"$in": [document["_id"] for document in chosen]}}, query]}
        collection = await self._collection()
        done = await self._made(lambda: collection.delete_many(still))
        return int(done.deleted_count)

    async def distinct(self, where: Condition, fields: Sequence[Field]) -> list[tuple[Any, ...]]:
        names = [f"f{number}" for number, _ in enumerate(fields)]
        paths = [f"${mongo_path(field)}" for field in fields]
        group: Query = {"$group": {"_id": dict(zip(names, paths, strict=True))}}
        groups = await self._aggregate([{"$match": mongo_query(where)}, group])
        # The id of a group that cannot be decoded is no object.
        found = [each["_id"] for each in groups if isinstance(each["_id"], dict)]
        return [tuple(values.get(name) for name in names) for values in found]

    async def _update_one(self, row: Row, where: Condition, update: Update) -> bool:
        """True when the row was changed; False when it was deleted or does not match any more."""
        collection = await self._collection()
        seen: Row | None = row
        while seen is not None:
            changed = update(seen)
            if changed == seen:
                return False
            as_seen = {"_id": seen["id"], "context": as_bson(seen["context"])}
            replace = partial(collection.replace_one, as_seen, _document(changed))
            if (await self._made(replace)).matched_count:
                return True
            still = {"$and": [{"_id": row["id"]}, mongo_query(where)]}
            seen = await self._found(still)
        return False

    async def _aggregate(self, stages: Sequence[Query]) -> list[Query]:
        collection = await self._collection()

        async def documents() -> list[RawBSONDocument]:
            cursor = collection.aggregate(list(stages))
            found: list[RawBSONDocument] = await (
                await cursor if inspect.isawaitable(cursor) else cursor
            ).to_list(None)
            return found

        with _readable():
            found = await when_connected(self._database, documents)
        return [document_of(raw, collection.codec_options) for raw in found]

    async def _found(self, query: Query) -> Row | None:
        collection = await self._collection()
        raw = await self._made(lambda: collection.find_one(query))
        return None if raw is None else _row(document_of(raw, collection.codec_options))

    async def _made(self, call: Callable[[], Awaitable[Any]]) -> Any:
        return await when_connected(self._database, call)

    async def _collection(self) -> Any:
        return await collection_of(self._database, self._name)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except OperationFailure as error:
        if error.code in _BAD_REGEX:
            raise InvalidQuery(f"MongoDB cannot read the query: {error}") from error
        raise


def _document(row: Row) -> Query:
    return {"_id": row["id"], **as_bson(row)}


def _row(document: Query) -> Row:
    row_id = document["_id"]
    row = {"id": row_id, **{name: value for name, value in document.items() if name != "_id"}}
    return checked(row_id, row)
