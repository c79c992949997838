"""A history and a cluster in memory that tests change, and an API over both."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import JobFilter, JobPage, Position
from jvscheduler.history.records.unstarted import UnstartedJob
from jvscheduler.history.store.protocol import Recent
from jvscheduler.outcomes import Outcome, Status
from jvscheduler.testing.history import MemoryHistory
from jvscheduler_server.access.access import Gate, OpenGate
from jvscheduler_server.api.app import create_app
from jvscheduler_server.cluster.objects import (
    KubernetesJob,
    NamespacedName,
    StartFailure,
    TaskCronJob,
    TaskPod,
    TaskState,
)

AWAY = "the history database is unavailable; see that it runs"


class FlakyHistory(MemoryHistory):
    """A history that is away when the test says so. It counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.recorded: list[Outcome] = []
        self.unstarted: list[UnstartedJob] = []
        self.opened = 0
        self.closed = 0
        self.refused = asyncio.Event()
        self.written = asyncio.Event()

    async def open(self) -> None:
        self._answer()
        self.opened += 1

    async def close(self) -> None:
        self.closed += 1

    async def record(self, outcome: Outcome) -> None:
        self._answer()
        self.recorded.append(outcome)
        await super().record(outcome)
        self.written.set()

    async def record_unstarted(self, job: UnstartedJob) -> None:
        self._answer()
        self.unstarted.append(job)
        await super().record_unstarted(job)

    async def unfinished(self) -> Sequence[ScheduledJob]:
        self._answer()
        return await super().unfinished()

    async def recent(
        self,
        since: datetime,
        status: Status | None,
        limit: int,
        namespaces: Collection[str] | None = None,
    ) -> Recent:
        self._answer()
        return await super().recent(since, status, limit, namespaces)

    async def newest(self, wanted: JobFilter, limit: int, after: Position | None = None) -> JobPage:
        self._answer()
        return await super().newest(wanted, limit, after)

    async def jobs_with_id(self, job_id: str) -> Sequence[ScheduledJob]:
        self._answer()
        return await super().jobs_with_id(job_id)

    async def counts(self, namespaces: Collection[str] | None = None) -> Mapping[Status, int]:
        self._answer()
        return await super().counts(namespaces)

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        self._answer()
        return await super().last_instants(namespace, task_ids, until)

    def _answer(self) -> None:
        if self.away:
            self.refused.set()
            raise HistoryUnavailable(AWAY)


@dataclass
class FakeCluster:
    backend: str = "kubernetes"
    synced: bool = True
    seen_pods: list[TaskPod] = field(default_factory=list)
    seen_jobs: list[KubernetesJob] = field(default_factory=list)
    seen_open_pods: list[TaskPod] = field(default_factory=list)
    seen_open_jobs: list[KubernetesJob] = field(default_factory=list)
    seen_cron_jobs: list[TaskCronJob] = field(default_factory=list)
    seen_tasks: list[TaskState] = field(default_factory=list)
    abandoned: set[NamespacedName] = field(default_factory=set)
    failures: list[StartFailure] = field(default_factory=list)
    gone: list[TaskPod] = field(default_factory=list)
    running: bool = False
    missing_namespaces: Collection[str] = ()

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def pods(self) -> Sequence[TaskPod]:
        return tuple(self.seen_pods)

    def jobs(self) -> Sequence[KubernetesJob]:
        return tuple(self.seen_jobs)

    def open_pods(self) -> Sequence[TaskPod]:
        return self.seen_open_pods

    def open_jobs(self) -> Sequence[KubernetesJob]:
        return self.seen_open_jobs

    def abandoned_jobs(self) -> Collection[NamespacedName]:
        return frozenset(self.abandoned)

    def cron_jobs(self) -> Sequence[TaskCronJob]:
        return tuple(self.seen_cron_jobs)

    def tasks(self) -> Sequence[TaskState]:
        return tuple(self.seen_tasks)

    def start_failures(self) -> Sequence[StartFailure]:
        return tuple(self.failures)

    def deleted_pods(self) -> Sequence[TaskPod]:
        return tuple(self.gone)

    def forget(self, pods: Iterable[TaskPod]) -> None:
        forgotten = {pod.uid for pod in pods}
        self.gone = [pod for pod in self.gone if pod.uid not in forgotten]

    async def changed(self, seconds: float) -> None:
        """Nothing changes by itself."""


class Served:
    """The API over both, not started."""

    def __init__(self, gate: Gate | None = None, store: FlakyHistory | None = None) -> None:
        self.store = store or FlakyHistory()
        self.cluster = FakeCluster()
        self.client = TestClient(
            create_app(self.store, self.cluster, gate or OpenGate()), raise_server_exceptions=False
        )

    def record(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            asyncio.run(self.store.record(outcome))

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        response = self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def problem(self, path: str, expected: int, **query: Any) -> dict[str, Any]:
        response = self.client.get(path, params=query)
        assert response.status_code == expected
        assert response.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = response.json()
        assert (problem["status"], problem["type"]) == (expected, "about:blank")
        assert problem["instance"] == path
        return problem
