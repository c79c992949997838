"""The server's store: the histories of all namespaces, each in tables of its own.

What is about one namespace goes to its tables, by the keys that hold there. What is about all
namespaces is read from the parents. A row there may have any id: what its namespace's tasks write
is up to them. So a record whose id is not that of its own namespace and task is left out.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, NoReturn, TypeVar

from jvscheduler.errors import HistoryUnavailable, InvalidSettings, NamespaceNotReady
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import JobFilter, JobPage, Position
from jvscheduler.history.records.presences import SchedulerPresence
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.summaries import MOST, TaskSummary
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.history.records.unstarted import UnstartedJob
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.protocol import LoopStore, Recent
from jvscheduler.names import is_job_id, namespace_role
from jvscheduler.outcomes import Outcome, Status, Stretch

T = TypeVar("T")

_PATIENCE_SECONDS: Final = 120.0
"""How long a write is repeated for a namespace that has no tables."""

FindStore = Callable[[str], Awaitable[LoopStore | None]]
"""The store of the tables of a namespace, by their schema; None when there are none yet."""

_log = logging.getLogger(__name__)


class NamespacedHistory:
    """A `LoopStore` without the calls that only a loop makes for its own jobs."""

    def __init__(
        self,
        every: LoopStore,
        find: FindStore,
        measure: Callable[[], Awaitable[Mapping[str, int]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every = every
        self._find = find
        self._measure = measure
        self._clock = clock
        self._found: dict[str, LoopStore] = {}
        self._missing_since: dict[str, float] = {}
        """The namespaces without tables, and since when somebody has wanted to write there."""

    async def open(self) -> None:
        await self._every.open()

    async def close(self) -> None:
        await self._every.close()

    async def disconnect(self) -> None:
        await self._every.disconnect()

    async def ping(self) -> None:
        await self._every.ping()

    async def sizes(self) -> Mapping[str, int]:
        return await self._measure()

    async def unfinished(self) -> Sequence[ScheduledJob]:
        return _genuine(await self._every.unfinished())

    async def recent(
        self,
        since: datetime,
        status: Status | None,
        limit: int,
        namespaces: Collection[str] | None = None,
    ) -> Recent:
        found = await self._every.recent(since, status, limit, namespaces)
        return replace(found, jobs=tuple(_genuine(found.jobs)))

    async def newest(self, wanted: JobFilter, limit: int, after: Position | None = None) -> JobPage:
        page = await self._every.newest(wanted, limit, after)
        return replace(page, jobs=_genuine(page.jobs))

    async def total(self, wanted: JobFilter) -> int:
        return await self._every.total(wanted)

    async def jobs_with_id(self, job_id: str) -> Sequence[ScheduledJob]:
        jobs = _genuine(await self._every.jobs_with_id(job_id))
        # A user's own record may have any id, so that it comes after a job of that id.
        return sorted(jobs, key=lambda job: not job.is_ours)

    async def with_record(self, job_ids: Collection[str]) -> Collection[str]:
        return await self._every.with_record(job_ids)

    async def running(self) -> Mapping[tuple[str, str], int]:
        return await self._every.running()

    async def counts(self, namespaces: Collection[str] | None = None) -> Mapping[Status, int]:
        return await self._every.counts(namespaces)

    async def tasks(self, namespace: str | None = None) -> Sequence[tuple[str, str]]:
        if namespace is None:
            return await self._every.tasks()
        store = await self._store(namespace)
        return await store.tasks(namespace) if store else []

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        store = await self._store(namespace)
        return await store.last_instants(namespace, task_ids, until) if store else {}

    async def jobs_between(self, instants: InstantRange) -> Sequence[ScheduledJob]:
        store = await self._store(instants.namespace)
        return await store.jobs_between(instants) if store else []

    async def revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Sequence[ScheduleRevision]:
        store = await self._store(namespace)
        return await store.revisions(namespace, task_ids) if store else []

    async def last_revisions(
        self, namespace: str, task_ids: Sequence[str] | None = None
    ) -> Mapping[str, ScheduleRevision]:
        store = await self._store(namespace)
        return await store.last_revisions(namespace, task_ids) if store else {}

    async def summary(self, namespace: str, task_id: str, most: int = MOST) -> TaskSummary:
        store = await self._store(namespace)
        return await store.summary(namespace, task_id, most) if store else TaskSummary()

    async def takeovers(
        self, namespace: str, task_ids: Sequence[str]
    ) -> Sequence[UnsettledTakeover]:
        store = await self._store(namespace)
        return await store.takeovers(namespace, task_ids) if store else []

    async def presences(self, namespace: str) -> Sequence[SchedulerPresence]:
        store = await self._store(namespace)
        return await store.presences(namespace) if store else []

    async def claim(self, outcome: Outcome) -> ScheduledJob | None:
        return await (await self._writable(outcome.namespace)).claim(outcome)

    async def record(self, outcome: Outcome) -> None:
        await (await self._writable(outcome.namespace)).record(outcome)

    async def record_unstarted(self, job: UnstartedJob) -> None:
        await (await self._writable(job.namespace)).record_unstarted(job)

    async def record_presence(self, presence: SchedulerPresence) -> None:
        await (await self._writable(presence.namespace)).record_presence(presence)

    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        won: set[str] = set()
        for store, group in await self._grouped(outcomes, lambda outcome: outcome.namespace):
            claims = zip(group, await store.claim_all(group), strict=True)
            won |= {outcome.job_id for outcome, is_won in claims if is_won}
        return [outcome.job_id in won for outcome in outcomes]

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        for store, group in await self._grouped(outcomes, lambda outcome: outcome.namespace):
            await store.record_all(group)

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        for store, group in await self._grouped(stretches, lambda stretch: stretch.namespace):
            await store.record_stretches(group)

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        for store, group in await self._grouped(revisions, lambda revision: revision.namespace):
            await store.add_revisions(group)

    async def add_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        for store, group in await self._grouped(takeovers, _namespace_of):
            await store.add_takeovers(group)

    async def remove_takeovers(self, takeovers: Sequence[UnsettledTakeover]) -> None:
        for store, group in await self._grouped(takeovers, _namespace_of):
            await store.remove_takeovers(group)

    async def remove_presences(self, presences: Sequence[SchedulerPresence]) -> None:
        for store, group in await self._grouped(presences, lambda presence: presence.namespace):
            await store.remove_presences(group)

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        got: dict[tuple[str, str, str], bool] = {}
        for store, group in await self._grouped(requests, lambda request: request.namespace):
            answers = zip(group, await store.acquire_slots(group, now), strict=True)
            got |= {(*request.task, request.holder): is_taken for request, is_taken in answers}
        return [got.get((*request.task, request.holder), False) for request in requests]

    async def heartbeat(self, job_id: str, now: datetime) -> None:  # noqa: ARG002
        _refuse()

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None:  # noqa: ARG002
        _refuse()

    async def extend_slots(self, holders: Sequence[str], now: datetime) -> None:  # noqa: ARG002
        _refuse()

    async def release_slots(self, holders: Sequence[str]) -> None:  # noqa: ARG002
        _refuse()

    async def free_slots(self, namespace: str, holders: Sequence[str]) -> None:
        store = await self._store(namespace)
        if store is not None:
            await store.release_slots(holders)

    async def _store(self, namespace: str) -> LoopStore | None:
        """The store of a namespace. It is remembered only once its tables exist."""
        if namespace not in self._found:
            store = await self._find(namespace_role(namespace))
            if store is None:
                return None
            self._found[namespace] = store
        return self._found[namespace]

    async def _writable(self, namespace: str) -> LoopStore:
        """The store of a namespace that may be written.

        Raises HistoryUnavailable while the operator may still make the tables: then the write is
        repeated. Later it raises NamespaceNotReady, so that one namespace does not hold up all.
        """
        store = await self._store(namespace)
        if store is not None:
            self._missing_since.pop(namespace, None)
            return store
        text = (
            f"the history has no tables for namespace {namespace}: the operator makes them when it "
            "sees a ScheduledTask there, and says in the task's conditions why it cannot"
        )
        now = self._clock()
        if now - self._missing_since.setdefault(namespace, now) < _PATIENCE_SECONDS:
            raise HistoryUnavailable(text)
        raise NamespaceNotReady(text)

    async def _grouped(
        self, items: Iterable[T], namespace_of: Callable[[T], str]
    ) -> Sequence[tuple[LoopStore, Sequence[T]]]:
        """The items by the store of their namespace, without those that have none for good."""
        groups: dict[str, list[T]] = {}
        for item in items:
            groups.setdefault(namespace_of(item), []).append(item)
        ready = []
        for name, group in groups.items():
            try:
                ready.append((await self._writable(name), group))
            except NamespaceNotReady as error:
                _log.warning("left out: %d records; %s", len(group), error)
        return ready


def _namespace_of(takeover: UnsettledTakeover) -> str:
    return takeover.revision.namespace


def _genuine(jobs: Iterable[ScheduledJob]) -> list[ScheduledJob]:
    """Those whose id is of their own namespace and task, and users' own records.

    Whoever may write in one namespace can write a row with the id of another one's job.
    """
    kept = []
    for job in jobs:
        if job.is_ours and not is_job_id(job.id, job.namespace, job.job_name):
            _log.warning("left out: row %.200r of %s is of no job there", job.id, job.namespace)
        else:
            kept.append(job)
    return kept


def _refuse() -> NoReturn:
    raise InvalidSettings(
        "?schema=jvscheduler in the database URL is the server's: tasks and loops need the URL of "
        "their namespace, which the operator puts into the Secret jvscheduler-database there"
    )
