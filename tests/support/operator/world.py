"""A cluster in memory, and the operator's passes over it until nothing is left to do."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jvscheduler import names
from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.database.isolation import Isolation
from jvscheduler_operator.loops.reconcile import LoopReconciler
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest, key_of
from jvscheduler_operator.pod_templates.loops import LoopContainer
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.reconcile import TaskReconciler
from jvscheduler_operator.template_policy.policy import DEFAULT_POLICY, TemplatePolicy
from jvscheduler_operator.testing.cluster import MemoryCluster
from tests.support.operator.objects import NOON, put_task

KEY = Key("shop", "restock")
KILLED = TemporaryError("killed")
SETTLED = timedelta(seconds=11)
"""After this time the status of a suspended CronJob is sure to have all its Jobs."""


@dataclass
class World:
    """Survives the processes that reconcile it."""

    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    now: datetime = NOON
    loop_container: LoopContainer = field(default_factory=lambda: LoopContainer("server:1"))
    database_url: str | None = None
    policy: TemplatePolicy = DEFAULT_POLICY
    isolation: Isolation | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start a new process with an empty cache."""
        self.cache = Cache(self.policy)
        settings = Settings(
            None,
            self.database_url,
            "http://localhost/",
            "host",
            self.loop_container,
            self.policy,
            self.isolation,
        )
        self.tasks = TaskReconciler(self.cache, self.cluster, settings, lambda: self.now)
        self.loops = LoopReconciler(self.cache, self.cluster, settings)

    def watch(self) -> None:
        """Bring the cache up to date, as watch events would."""
        version = self.cluster.version
        self.cache.cron_jobs.replace(asyncio.run(self.cluster.cron_jobs()).items, version)
        self.cache.loops.replace(asyncio.run(self.cluster.loops()).items, version)
        self.cache.tasks.replace(self.cluster.task_objects.values(), version)

    def settle(self) -> list[str]:
        """Reconcile all keys until one round writes nothing. Returns the writes."""
        written: list[str] = []
        while True:
            self.cluster.writes = []
            for key in self._keys():
                self.watch()
                self.reconcile(key)
            if not self.cluster.writes:
                return written
            written += self.cluster.writes

    def settle_killed_after(self, survived: int) -> bool:
        """Settle, but be killed at the write after this many. True when there was such a write."""
        self.cluster.failures = [*[None] * survived, KILLED]
        try:
            self.settle()
        except TemporaryError as error:
            assert error is KILLED  # noqa: PT017 - any other one is a failure of the test
            return True
        finally:
            self.cluster.failures = []
            self.start()
        return False

    def reconcile(self, key: Key) -> timedelta | None:
        if isinstance(key, LoopKey):
            return asyncio.run(self.loops.reconcile(key))
        return asyncio.run(self.tasks.reconcile(key))

    def put_task(self, name: str = "restock", **spec: Any) -> Manifest:
        return put_task(self.cluster, name, **spec)

    def remove_task(self, name: str = "restock") -> None:
        del self.cluster.task_objects[Key("shop", name)]
        self.cluster.version += 1

    def make_available(self, *wanted: str) -> None:
        """Make the pods of these loops ready, or of all loops when none is named."""
        for loop in [o for o in self.cluster.loop_objects.values() if not wanted or _in(o, wanted)]:
            self.cluster.put(
                self.cluster.loop_objects, {**loop, "status": {"availableReplicas": 1}}
            )

    def set_active(self, *jobs: str) -> None:
        """Set the active Jobs of the CronJob."""
        status = {"active": [{"name": name} for name in jobs]}
        self.cluster.put(
            self.cluster.cron_job_objects,
            {**self.cluster.cron_job_objects[KEY], "status": status},
        )

    @property
    def loop_names(self) -> list[str]:
        return sorted(key.name for key in self.cluster.loop_objects)

    @property
    def cron_job(self) -> Manifest | None:
        return self.cluster.cron_job_objects.get(KEY)

    def status(self, name: str = "restock") -> Manifest:
        status: Manifest = self.cluster.task_objects[Key("shop", name)].get("status", {})
        return status

    def serving(self, name: str = "restock") -> tuple[str | None, str | None]:
        return self.status(name).get("backend"), self.status(name).get("loop")

    def condition(self, kind: str, name: str = "restock") -> tuple[str, str] | None:
        conditions = self.status(name).get("conditions", [])
        return next(((c["status"], c["reason"]) for c in conditions if c["type"] == kind), None)

    def secret_url(self, namespace: str) -> str:
        """The address of the database that the namespace's Secret holds."""
        data = self.cluster.secrets[Key(namespace, names.DATABASE_SECRET)]["data"]
        return base64.b64decode(data[names.DATABASE_SECRET_KEY]).decode()

    def _keys(self) -> Sequence[Key]:
        self.watch()
        tasks = [key_of(manifest) for manifest in self.cluster.task_objects.values()]
        referred = {loop for key in tasks for loop in self.cache.tasks.references(key).loops}
        return [*sorted({*referred, *self.cache.loops}), *tasks]


def _in(loop: Manifest, wanted: Sequence[str]) -> bool:
    return loop["metadata"]["name"] in wanted


def served_by_loop(world: World, **spec: Any) -> str:
    """Create a task and have a loop serve it. Returns the loop's name."""
    world.put_task(backend="Loop", **spec)
    world.settle()
    world.make_available()
    world.settle()
    (name,) = world.loop_names
    return name


def served_by_cron_job(world: World) -> None:
    world.put_task()
    world.settle()
