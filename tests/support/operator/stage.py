"""A cluster in memory, and passes over single tasks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.objects.manifests import Key, Manifest
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.reconcile import TaskReconciler
from jvscheduler_operator.testing.cluster import MemoryCluster
from tests.support.operator.objects import NOON, put_task

KEY = Key("shop", "restock")
KILLED = TemporaryError("killed")


@dataclass
class Stage:
    """A cluster that survives the processes that reconcile it."""

    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    now: datetime = NOON
    cache: Cache = field(default_factory=Cache)

    def start(self) -> None:
        """Start a new process with an empty cache."""
        self.cache = Cache()
        settings = Settings(None, "sqlite:///jobs", "http://localhost/", "host")
        self._reconciler = TaskReconciler(self.cache, self.cluster, settings, lambda: self.now)

    def watch(self) -> None:
        """Bring the cache up to date, as watch events would."""
        version = self.cluster.version
        labelled = asyncio.run(self.cluster.cron_jobs()).items
        self.cache.tasks.replace(self.cluster.task_objects.values(), version)
        self.cache.cron_jobs.replace(labelled, version)

    def put_task(self, name: str = "restock", **spec: Any) -> Manifest:
        return put_task(self.cluster, name, **spec)

    def put_cron_job(self, manifest: Manifest) -> None:
        self.cluster.put(self.cluster.cron_job_objects, manifest)

    def remove_cron_job(self) -> None:
        del self.cluster.cron_job_objects[KEY]
        self.cluster.version += 1

    def find_lost_secrets(self) -> Sequence[Key]:
        return asyncio.run(self._reconciler.find_lost_secrets())

    def reconcile(self, key: Key = KEY) -> timedelta | None:
        self.watch()
        return asyncio.run(self._reconciler.reconcile(key))

    def take_writes(self) -> list[str]:
        writes, self.cluster.writes = self.cluster.writes, []
        return writes

    @property
    def cron_job(self) -> Manifest:
        return self.cluster.cron_job_objects[KEY]

    def ready(self, key: Key = KEY) -> tuple[str, str]:
        status = self.cluster.task_objects[key]["status"]
        return next(
            (c["status"], c["reason"]) for c in status["conditions"] if c["type"] == "Ready"
        )
