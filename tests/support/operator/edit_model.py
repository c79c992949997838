"""An edit of a task near a due instant, with the operator and the CronJob controller beside.

The operator's own passes and queue run on a virtual clock. The controller is a model of
Kubernetes' one. What an order of events does follows from the delays alone.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product, starmap
from typing import Any, Final

from jvscheduler.errors import TemporaryError
from jvscheduler.schedules import parse_schedule
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Key, Manifest, key_of
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.reconcile import TaskReconciler
from jvscheduler_operator.testing.cluster import MemoryCluster
from tests.support.operator import virtual_time
from tests.support.operator.cron_job_controller import CronJobController
from tests.support.operator.objects import put_task

KEY: Final = Key("shop", "restock")
DUE: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""The instant that edits come near to."""

LEAD: Final = timedelta(seconds=20)
"""The task exists this long before the instant."""

AFTERWARDS: Final = timedelta(seconds=55)


@dataclass(frozen=True)
class Edit:
    name: str
    before: Mapping[str, Any] = field(hash=False)
    after: Mapping[str, Any] = field(hash=False)


EDITS: Final = (
    Edit("two spellings", {"schedule": "*/5 * * * *"}, {"schedule": "0-59/5 * * * *"}),
    Edit("due under both", {"schedule": "*/5 * * * *"}, {"schedule": "0 * * * *"}),
    Edit("due under the old one", {"schedule": "0 * * * *"}, {"schedule": "30 * * * *"}),
    Edit("due under the new one", {"schedule": "30 * * * *"}, {"schedule": "0 * * * *"}),
    Edit(
        "another time zone",
        {"schedule": "0 12 * * *", "timeZone": "UTC"},
        {"schedule": "0 12 * * *", "timeZone": "Europe/Berlin"},
    ),
    Edit("due a minute ago", {"schedule": "0 * * * *"}, {"schedule": "59 * * * *"}),
    Edit("suspended", {"schedule": "0 * * * *"}, {"schedule": "0 * * * *", "suspend": True}),
    Edit("resumed", {"schedule": "0 * * * *", "suspend": True}, {"schedule": "0 * * * *"}),
    Edit(
        "resumed with another schedule",
        {"schedule": "30 * * * *", "suspend": True},
        {"schedule": "0 * * * *"},
    ),
)


@dataclass(frozen=True)
class Delays:
    """Seconds. `operator` and `controller` are from a write to its watch event there."""

    operator: float
    call: float
    """From a call of the operator to its effect."""
    controller: float
    reaction: float
    """From a due key of the controller to its look at the CronJob."""
    sync: float
    """From the controller's look to its Job, and from that to its status."""


@dataclass
class Outcome:
    jobs: list[datetime]
    """The instants for which Jobs were made."""
    versions: list[tuple[datetime, Manifest]]
    """The specs of the CronJob, each since when the API server had it."""

    def due(self, end: datetime) -> list[datetime]:
        """The instants that were due under the spec that was in force when they came."""
        instants: list[datetime] = []
        ends = [*(since for since, _ in self.versions[1:]), end]
        for (since, spec), until in zip(self.versions, ends, strict=True):
            if not spec.get("suspend"):
                schedule = parse_schedule(spec["schedule"], spec.get("timeZone", "UTC"))
                instants += schedule.between(since, until)
        return instants


@dataclass(frozen=True)
class Order:
    """One order of events: an edit so many seconds after `DUE`, and all delays."""

    edit: Edit
    offset: float
    delays: Delays


def orders() -> Iterator[Order]:
    """All orders that are tried: each edit at each tenth of a second, with all delays."""
    offsets = [tenth / 10 for tenth in range(-45, 16)]
    delays = starmap(
        Delays, product((0.01, 0.7), (0.01, 0.3, 1.2), (0.01, 0.4), (0.0, 0.5, 2.5), (0.01, 0.2))
    )
    return starmap(Order, product(EDITS, offsets, list(delays)))


def violation(order: Order) -> str | None:
    """Return how Jobs and due instants differ. None: each due instant had one Job."""
    outcome = simulate(order.edit, order.offset, order.delays)
    due = outcome.due(DUE + AFTERWARDS)
    if len(outcome.versions) != 2:
        return f"the CronJob had {len(outcome.versions)} definitions, not 2"
    return None if outcome.jobs == due else f"due {due}, Jobs for {outcome.jobs}"


def simulate(edit: Edit, offset: float, delays: Delays) -> Outcome:
    """Make the edit this many seconds after `DUE`, and wait until all has settled."""
    return virtual_time.run(_Simulation(delays).run(edit, offset))


@dataclass
class _Cluster(MemoryCluster):
    """Calls take time, and each write is reported to those who watch."""

    simulation: "_Simulation | None" = None

    def put(self, objects: dict[Key, Manifest], manifest: Manifest) -> Manifest:
        if self.simulation is not None and key_of(manifest) not in objects:
            created = times.to_text(self.simulation.now())
            metadata = {**manifest["metadata"], "creationTimestamp": created}
            manifest = {**manifest, "metadata": metadata}
        stored = super().put(objects, manifest)
        if self.simulation is not None:
            self.simulation.written(objects, stored)
        return stored

    async def apply_cron_job(
        self, manifest: Manifest, *, force: bool, dry_run: bool = False
    ) -> Manifest:
        await self._call()
        return await super().apply_cron_job(manifest, force=force, dry_run=dry_run)

    async def patch_cron_job_status(self, key: Key, patch: Manifest) -> Manifest:
        await self._call()
        return await super().patch_cron_job_status(key, patch)

    async def _call(self) -> None:
        if self.simulation is not None:
            await asyncio.sleep(self.simulation.delays.call)


@dataclass
class _Simulation:
    delays: Delays
    versions: list[tuple[datetime, Manifest]] = field(default_factory=list)

    def now(self) -> datetime:
        return DUE - LEAD + timedelta(seconds=asyncio.get_running_loop().time())

    async def run(self, edit: Edit, offset: float) -> Outcome:
        self.cluster = _Cluster(simulation=self)
        self.cache, self.queue = Cache(), WorkQueue(lambda: 0.5)
        self.controller = CronJobController(
            KEY,
            self.now,
            lambda: self.cluster.cron_job_objects.get(KEY),
            lambda cron_job: self.cluster.put(self.cluster.cron_job_objects, cron_job),
            self.delays.reaction,
            self.delays.sync,
        )
        settings = Settings(None, None, "http://localhost/", "host")
        self.reconciler = TaskReconciler(self.cache, self.cluster, settings, self.now)
        operator = asyncio.create_task(self._operate())
        put_task(self.cluster, KEY.name, **edit.before)
        await asyncio.sleep((LEAD + timedelta(seconds=offset)).total_seconds())
        put_task(self.cluster, KEY.name, **edit.after)
        await asyncio.sleep((AFTERWARDS - timedelta(seconds=offset)).total_seconds())
        operator.cancel()
        self.queue.close()
        return Outcome(self.controller.jobs, self.versions)

    def written(self, objects: dict[Key, Manifest], stored: Manifest) -> None:
        later = asyncio.get_running_loop().call_later
        is_cron_job = objects is self.cluster.cron_job_objects
        if is_cron_job and (not self.versions or self.versions[-1][1] != stored["spec"]):
            self.versions.append((self.now(), stored["spec"]))
        if is_cron_job:
            later(self.delays.controller, self.controller.seen, stored)
        later(self.delays.operator, self._seen_by_operator, is_cron_job, stored)

    def _seen_by_operator(self, is_cron_job: bool, stored: Manifest) -> None:
        index = self.cache.cron_jobs if is_cron_job else self.cache.tasks
        if index.put(stored):
            self.queue.add(KEY)

    async def _operate(self) -> None:
        while True:
            key = await self.queue.get()
            assert isinstance(key, Key)
            try:
                delay = await self.reconciler.reconcile(key)
            except TemporaryError:
                self.queue.retry(key)
            else:
                self.queue.succeeded(key)
                self.queue.add_after(key, delay.total_seconds() if delay is not None else None)
            finally:
                self.queue.done(key)


def main() -> None:
    """Try all orders, and print those that lose or add an instant."""
    count = failures = 0
    for order in orders():
        count += 1
        if found := violation(order):
            failures += 1
            print(f"{order}: {found}")
    print(f"{count} orders, {failures} violations")
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    main()
