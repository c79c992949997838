"""A controller at work on a cluster and a database in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.controller.controller import Controller, Reconcilers
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.database.isolation import Isolation
from jvscheduler_operator.loops.reconcile import LoopReconciler
from jvscheduler_operator.namespaces.reconcile import NamespaceReconciler
from jvscheduler_operator.objects.manifests import Key, assigned_loop
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.reconcile import TaskReconciler
from jvscheduler_operator.testing.cluster import MemoryCluster
from jvscheduler_operator.testing.roles import MemoryRoles
from jvscheduler_operator.waiting_jobs.reconcile import WaitingJobReconciler
from tests.support.operator.objects import NOON, put_task

HOUR = 3600.0


class PoisonedReconciler(TaskReconciler):
    """Fails with a programming error for one object."""

    async def reconcile(self, key: Key) -> timedelta | None:
        if key.name == "poisoned":
            raise ZeroDivisionError("a mistake")
        return await super().reconcile(key)


@dataclass
class Stage:
    database_url: str | None = None
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    cache: Cache = field(default_factory=Cache)
    roles: MemoryRoles = field(default_factory=MemoryRoles)
    now: datetime = NOON

    def __post_init__(self) -> None:
        settings = Settings(None, self.database_url, "http://localhost/", "host")
        isolation = Isolation("postgresql://op:pw@history/jobs", "k" * 32)
        namespaces = NamespaceReconciler(self.cache, isolation, self.roles, lambda: self.now)
        self.reconciler = PoisonedReconciler(self.cache, self.cluster, settings, lambda: NOON)
        loops = LoopReconciler(self.cache, self.cluster, settings)
        queue = WorkQueue(lambda: 0.0)
        waiting = WaitingJobReconciler(self.cache, self.cluster, settings, lambda: NOON)
        reconcilers = Reconcilers(self.reconciler, loops, waiting, namespaces)
        self.controller = Controller(self.cluster, self.cache, queue, reconcilers)

    def put_task(self, name: str, **spec: Any) -> None:
        self.controller.task_seen("ADDED", put_task(self.cluster, name, **spec))

    def remove_task(self, name: str) -> None:
        stored = self.cluster.task_objects.pop(Key("shop", name))
        self.controller.task_seen("DELETED", stored)

    def make_loops_available(self) -> None:
        for loop in list(self.cluster.loop_objects.values()):
            status = {"availableReplicas": 1}
            stored = self.cluster.put(self.cluster.loop_objects, {**loop, "status": status})
            self.controller.loop_seen("MODIFIED", stored)

    def assigned(self, name: str) -> str | None:
        return assigned_loop(self.cluster.task_objects[Key("shop", name)])

    def refusal(self, name: str) -> str | None:
        """The reason of the task's condition Accepted."""
        conditions = self.cluster.task_objects[Key("shop", name)].get("status", {})
        found = (c for c in conditions.get("conditions", []) if c["type"] == "Accepted")
        return next((c["reason"] for c in found), None)

    def is_ready(self, name: str, reason: str) -> bool:
        """True when the condition Ready has this reason."""
        conditions = self.cluster.task_objects[Key("shop", name)]["status"]["conditions"]
        return any((c["type"], c["reason"]) == ("Ready", reason) for c in conditions)

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110 - the cluster has nothing to wait on
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        is_over = asyncio.Event()

        async def watch() -> None:
            await is_over.wait()

        work = asyncio.create_task(self.controller.run(watch, HOUR, secrets_seconds=0.01))
        try:
            yield
        finally:
            is_over.set()
            await work


def run(scenario: Callable[[Stage], Awaitable[None]], database_url: str | None = None) -> None:
    async def opened() -> None:
        await asyncio.wait_for(scenario(Stage(database_url)), timeout=60)

    asyncio.run(opened())
