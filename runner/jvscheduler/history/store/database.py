"""The store in a database, in jvspatial's format."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jvspatial.core.context import GraphContext

from jvscheduler.history.backends.limits import TASK_PATIENCE_SECONDS
from jvscheduler.history.backends.registry import backend_of, innermost, open_database
from jvscheduler.history.bounded import CALL_SECONDS, BoundedCalls
from jvscheduler.history.records.jobs import COLLECTION, ScheduledJob
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.batches import BatchCalls
from jvscheduler.history.store.jobs import JobCalls
from jvscheduler.history.store.listings import ListingCalls
from jvscheduler.history.store.namespaces import NamespacedHistory
from jvscheduler.history.store.presences import PresenceCalls
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.history.store.revisions import RevisionCalls
from jvscheduler.history.store.summaries import SummaryCalls
from jvscheduler.history.store.takeovers import TakeoverCalls
from jvscheduler.history.urls import parse_url


def open_store(url: str, *, connections: int = 5, create_indexes: bool = True) -> LoopStore:
    """The store at this URL. It connects when it is first used.

    Indexes serve readers, so readers create them.
    """
    address = parse_url(url)
    database = open_database(address, connections=connections, timeout=CALL_SECONDS)
    if not address.holds_namespaces:
        return DatabaseHistory(database, address.redacted, create_indexes=create_indexes)
    every = DatabaseHistory(database, address.redacted, create_indexes=False)
    return NamespacedHistory(every, every.of_namespace, every.sizes_of_namespaces)


def open_runner_store(url: str) -> LoopStore:
    """The store for the runner in a task's pod, which waits for a connection of its own.

    It only writes its own row: it leaves the indexes, and what creating them costs, to others.
    """
    address, patience = parse_url(url), TASK_PATIENCE_SECONDS
    database = open_database(address, connections=1, timeout=CALL_SECONDS, patience=patience)
    return DatabaseHistory(database, address.redacted, create_indexes=False)


class DatabaseHistory(
    JobCalls,
    ListingCalls,
    BatchCalls,
    RevisionCalls,
    TakeoverCalls,
    PresenceCalls,
    SummaryCalls,
):
    """A history in a database object of jvspatial's."""

    def __init__(
        self,
        database: Any,
        name: str,
        *,
        create_indexes: bool = True,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        """`name` stands for the database in messages: its URL without the password."""
        failing = backend_of(innermost(database))
        calls = BoundedCalls(name, call_seconds, failing.failures, failing.describe)
        super().__init__(backend_of(database), database, calls)
        self._name = name
        self._create_indexes = create_indexes

    async def open(self) -> None:
        await self.ping()  # jvspatial only logs when it could not create an index
        if self._create_indexes:
            await self._call(lambda: GraphContext(self._database).ensure_indexes(ScheduledJob))

    async def of_namespace(self, schema: str) -> "DatabaseHistory | None":
        """The history in a namespace's tables, over the same connections; None without tables."""
        found = await self._call(lambda: self._database.of_namespace(schema))
        return (
            DatabaseHistory(found, f"{self._name} ({schema})", create_indexes=False)
            if found
            else None
        )

    async def sizes(self) -> None:
        """All namespaces share the tables."""

    async def sizes_of_namespaces(self) -> Mapping[str, int]:
        return await self._call(self._database.sizes_of_namespaces)

    async def close(self) -> None:
        await self._call(self._database.close)

    async def disconnect(self) -> None:
        await self._call(self._database.disconnect)

    async def ping(self) -> None:
        await self._call(lambda: self._database.get(COLLECTION, "o.ScheduledJob.ping"))

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        if not requests:
            return []
        return await self._call(lambda: self._slots.acquire_slots(requests, now))

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:
        if holders:
            await self._call(lambda: self._slots.extend_slots(holders, now))

    async def release_slots(self, holders: Sequence[str]) -> None:
        if holders:
            await self._call(lambda: self._slots.release_slots(holders))

    async def free_slots(self, namespace: str, holders: Sequence[str]) -> None:  # noqa: ARG002
        await self.release_slots(holders)
