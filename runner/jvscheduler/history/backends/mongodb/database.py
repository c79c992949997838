"""jvspatial's MongoDB, with the driver's own asynchronous client.

jvspatial repeats every call whose connection broke, even a change that must not happen twice.
Here the driver repeats writes, which it numbers, and `history.bounded` repeats calls that may
happen twice.

`waitQueueTimeoutMS` of the URL says how long a call waits for a connection of this process. Here
such a call asks again, for as long as any call waits for a connection.

A document is found by `_id`, which has an index; jvspatial's other databases call it `id`. An
index of entities ends with `_id`, because our queries sort by it last.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from jvspatial.db.database import InsertIfAbsentResult
from jvspatial.db.mongodb import MongoDB, _native_query
from jvspatial.exceptions import DatabaseError
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError, WaitQueueTimeoutError

from jvscheduler.history.backends.database import Fields, HistoryDatabase, index_name, pairs_of
from jvscheduler.history.backends.limits import PATIENCE_SECONDS, Limits
from jvscheduler.history.backends.mongodb.documents import document_of, undecoded
from jvscheduler.history.backends.mongodb.queries import as_bson
from jvscheduler.history.queries.matching import Row
from jvscheduler.history.waiting import connected

T = TypeVar("T")

SELECTION_SECONDS: Final = 2
"""How long one try waits for a server. `history.bounded` tries four times."""


class MongoDatabase(HistoryDatabase, MongoDB):
    def __init__(self, uri: str, db_name: str, limits: Limits) -> None:
        bounded = _with_limits(uri, limits.call_seconds)
        super().__init__(bounded, db_name, max_pool_size=limits.connections, driver="pymongo")
        self.patience = limits.patience_seconds

    async def close(self) -> None:
        # If this call is cancelled, the next one must not find a client that is closed.
        client, self._client, self._db = self._client, None, None
        self._created_indexes.clear()
        if client is not None:
            await client.close()

    async def get(self, collection: str, id: str) -> Row | None:  # noqa: A002 - jvspatial's name
        async def read() -> Row | None:
            documents = await collection_of(self, collection)
            return _document(documents, await documents.find_one({"_id": id}))

        return await self._run_with_reconnect("get", read)  # type: ignore[no-any-return]

    async def find(
        self,
        collection: str,
        query: Row,
        *,
        limit: int | None = None,
        sort: list[tuple[str, int]] | None = None,
    ) -> list[Row]:
        if limit == 0:
            return []

        async def read() -> list[Row]:
            documents = await collection_of(self, collection)
            cursor = documents.find(_native_query(query), sort=sort, limit=limit or 0)
            options = documents.codec_options
            return [document_of(raw, options) for raw in await cursor.to_list(None)]

        return await self._run_with_reconnect("find", read)  # type: ignore[no-any-return]

    async def insert_if_absent(
        self, collection: str, data: Row, *, conflict_target: str = "id"
    ) -> InsertIfAbsentResult:
        try:
            return await super().insert_if_absent(collection, data, conflict_target=conflict_target)
        except InvalidBSON:
            # jvspatial reads the document that exists already.
            existing = await self.get(collection, data["id"])
            return InsertIfAbsentResult(record=existing or {}, created=False)

    async def find_one_and_update(
        self, collection: str, query: Row, update: Row, upsert: bool = False
    ) -> Row | None:
        by_id = {"_id" if name == "id" else name: value for name, value in query.items()}

        async def changed() -> Row | None:
            documents = await collection_of(self, collection)
            found = await documents.find_one_and_update(
                by_id, as_bson(update), upsert=upsert, return_document=ReturnDocument.AFTER
            )
            return _document(documents, found)

        return await self._run_with_reconnect("find_one_and_update", changed)  # type: ignore[no-any-return]

    async def _run_with_reconnect(
        self, op_name: str, coro_factory: Callable[[], Awaitable[Any]]
    ) -> Any:
        try:
            return await when_connected(self, coro_factory)
        except PyMongoError as error:
            raise DatabaseError(f"MongoDB {op_name}: {error}") from error

    async def create_entity_index(self, collection: str, fields: Fields) -> None:
        # An index of a single field is newest first: most queries ask for the newest jobs.
        pairs = [(fields, -1)] if isinstance(fields, str) else pairs_of(fields)
        documents = await collection_of(self, collection)
        keys = [("entity", 1), *pairs, ("_id", 1)]
        await documents.create_index(keys, name=f"entity_{index_name(fields)}")


async def when_connected(database: MongoDB, call: Callable[[], Awaitable[T]]) -> T:
    """The answer of one call of the driver. It waits while all connections are in use."""
    # A database that jvspatial has opened has no patience of ours.
    patience = database.patience if isinstance(database, MongoDatabase) else PATIENCE_SECONDS
    return await connected(call, _is_full, patience)


def _is_full(error: Exception) -> bool:
    """True when all connections of this process were in use. The call was not made."""
    return isinstance(error, WaitQueueTimeoutError)


async def collection_of(database: MongoDB, name: str) -> Any:
    """The collection, whose documents are decoded one by one.

    jvspatial's client and database have no public names, so its version is pinned.
    """
    await database._ensure_connected()  # noqa: SLF001
    connected: Any = database._db  # noqa: SLF001
    return undecoded(connected[name])


def _document(collection: Any, raw: RawBSONDocument | None) -> Row | None:
    return None if raw is None else document_of(raw, collection.codec_options)


def _with_limits(uri: str, timeout: float) -> str:
    """The URL with our time limits, unless the URL has its own."""
    parts = urlsplit(uri)
    limits = {
        "serverSelectionTimeoutMS": SELECTION_SECONDS * 1000,
        "connectTimeoutMS": int(timeout * 1000),
        "socketTimeoutMS": int(timeout * 1000),
    }
    given = {name.lower() for name, _ in parse_qsl(parts.query)}
    added = urlencode({name: ms for name, ms in limits.items() if name.lower() not in given})
    query = "&".join(part for part in (parts.query, added) if part)
    return urlunsplit(parts._replace(query=query))
