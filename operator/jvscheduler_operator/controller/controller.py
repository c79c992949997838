"""Adds to the queue the keys of what has changed, and works the queue off.

kopf reports every change, but not the deletion of an object while its watch was
interrupted: after a `410 Gone` it lists anew, and says nothing about objects that
are missing. Lists of our own find those, at the start and every few minutes.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cache.index import ObjectIndex
from jvscheduler_operator.cluster.client import Cluster
from jvscheduler_operator.cluster.errors import Rejected, Unavailable
from jvscheduler_operator.controller.dependents import KeySnapshot, dependents, snapshot
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.loops.reconcile import LoopReconciler
from jvscheduler_operator.namespaces.reconcile import NamespaceReconciler
from jvscheduler_operator.objects.manifests import (
    Key,
    LoopKey,
    Manifest,
    NamespaceKey,
    key_of,
    loop_key_of,
)
from jvscheduler_operator.objects.shapes import is_readable
from jvscheduler_operator.tasks.reconcile import TaskReconciler
from jvscheduler_operator.waiting_jobs.reconcile import WaitingJobReconciler

_logger = logging.getLogger(__name__)

_WORKERS: Final = 16
"""At most as many requests are open at once. More would only wait for the API server."""

_RESYNC_SECONDS: Final = 600.0
_SECRETS_SECONDS: Final = 15.0
"""How long a Secret may be gone. Meanwhile a pod of a task starts without the history, and a
loop's pod does not start."""

_RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Reconcilers:
    """The reconcilers that a pass over a key calls. A task's key has `tasks` and `waiting_jobs`."""

    tasks: TaskReconciler
    loops: LoopReconciler
    waiting_jobs: WaitingJobReconciler
    namespaces: NamespaceReconciler | None = None
    """None: every namespace has the same address of the database, and nothing is made there."""


class Controller:
    def __init__(
        self,
        cluster: Cluster,
        cache: Cache,
        queue: WorkQueue,
        reconcilers: Reconcilers,
    ) -> None:
        self._cluster = cluster
        self._cache = cache
        self._queue = queue
        # A queue of its own. A database that does not answer keeps its one worker busy, and
        # delays no task.
        self._namespaces = WorkQueue()
        self._reconcilers = reconcilers

    def task_seen(self, change: str | None, manifest: Manifest) -> None:
        self._seen(self._cache.tasks, key_of, change, manifest)

    def cron_job_seen(self, change: str | None, manifest: Manifest) -> None:
        self._seen(self._cache.cron_jobs, key_of, change, manifest)

    def loop_seen(self, change: str | None, manifest: Manifest) -> None:
        self._seen(self._cache.loops, loop_key_of, change, manifest)

    async def wait_until_served(self) -> None:
        """Returns when the API server serves ScheduledTasks."""
        # kopf looks for kinds only at its start. Started too early, it would watch
        # nothing, and would not say so.
        while True:
            try:
                if await self._cluster.serves_tasks():
                    return
                _logger.warning("The CRD of ScheduledTasks is not installed, waiting for it")
            except (Rejected, Unavailable) as error:
                _logger.warning("The kinds of the API server are unknown; trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def run(
        self,
        watch: Callable[[], Awaitable[None]],
        resync_seconds: float = _RESYNC_SECONDS,
        secrets_seconds: float = _SECRETS_SECONDS,
    ) -> None:
        """Returns when the watch ends. Raises when the watch or a worker fails."""
        # The lists come before any pass. On an empty cache, a pass could take a CronJob
        # for absent, and would delete every loop as one without tasks.
        await self._list_all()
        try:
            async with asyncio.TaskGroup() as group:
                # The workers start before the watch: kopf takes every asyncio task that
                # starts after it for its own, and cancels it at its end.
                tasks = [group.create_task(self._work(self._queue)) for _ in range(_WORKERS)]
                tasks.append(group.create_task(self._work(self._namespaces)))
                tasks.append(group.create_task(self._resync_for_ever(resync_seconds)))
                tasks.append(group.create_task(self._restore_secrets_for_ever(secrets_seconds)))
                await watch()
                for task in tasks:
                    task.cancel()
        finally:
            self._queue.close()
            self._namespaces.close()

    async def resync(self) -> None:
        """List all objects, and add the keys of those that differ from the cache."""
        cron_jobs, loops = await self._cluster.cron_jobs(), await self._cluster.loops()
        tasks = await self._cluster.tasks()
        for index, listing in (
            (self._cache.cron_jobs, cron_jobs),
            (self._cache.loops, loops),
            (self._cache.tasks, tasks),
        ):
            for key in index.replace(listing.items, listing.version):
                self._add_with_loops(key)
        self._add_changed_elders()
        # A task that is gone no longer says which loop it had. So every loop is looked
        # at, and the pass over one without tasks deletes it. Over one with tasks it writes the
        # rights of its pod again, which are not watched: somebody may have deleted them.
        self._reconcilers.loops.restore_rights()
        for key in self._cache.loops:
            self._queue.add(key)

    def _seen(
        self,
        index: ObjectIndex,
        name: Callable[[Manifest], Key],
        change: str | None,
        manifest: Manifest,
    ) -> None:
        if not is_readable(manifest):
            return
        key = name(manifest)
        before = snapshot(self._cache, key)
        is_news = index.remove(manifest) if change == "DELETED" else index.put(manifest)
        if is_news:
            self._queue.add(key)
            self._add_dependents(key, before)

    def _add_dependents(self, key: Key, before: KeySnapshot) -> None:
        for dependent in dependents(self._cache, key, before):
            self._queue.add(dependent)
        self._add_changed_elders()

    def _add_changed_elders(self) -> None:
        # A task that may run now, or no longer, also decides whether its loop is needed.
        for key in self._cache.tasks.take_changed_elders():
            self._add_with_loops(key)

    def _add_with_loops(self, key: Key) -> None:
        self._queue.add(key)
        for loop in snapshot(self._cache, key).loops:
            self._queue.add(loop)

    async def _list_all(self) -> None:
        while True:
            try:
                await self.resync()
            except (Rejected, Unavailable) as error:
                _logger.warning("The objects cannot be listed; trying again: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _resync_for_ever(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
            try:
                await self.resync()
            except (Rejected, Unavailable) as error:
                _logger.warning("The resync has failed; the next one comes later: %s", error)

    async def _restore_secrets_for_ever(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                for key in await self._reconcilers.tasks.find_lost_secrets():
                    self._queue.add(key)
            except (Rejected, Unavailable) as error:
                _logger.warning("Deleted Secrets are looked for later: %s", error)

    async def _work(self, queue: WorkQueue) -> None:
        while True:
            key = await queue.get()
            try:
                await self._reconcile(queue, key)
            finally:
                queue.done(key)

    async def _reconcile(self, queue: WorkQueue, key: Key) -> None:
        before = snapshot(self._cache, key)
        try:
            delay = await self._pass_over(key)
        except TemporaryError as error:
            again = queue.retry(key, getattr(error, "retry_after", 0.0))
            _logger.warning("%s: %s; again in %.1f s", key, error, again, extra=key.log_context)
        except Exception:
            # A mistake of ours that one object brings out must not stop the others.
            again = queue.retry(key)
            text = "%s could not be reconciled; again in %.1f s"
            _logger.exception(text, key, again, extra=key.log_context)
        else:
            queue.succeeded(key)
            queue.add_after(key, delay.total_seconds() if delay is not None else None)
        finally:
            # Also after a failure: the pass may have written before it failed.
            self._add_dependents(key, before)

    async def _pass_over(self, key: Key) -> timedelta | None:
        if isinstance(key, LoopKey):
            return await self._reconcilers.loops.reconcile(key)
        if isinstance(key, NamespaceKey):
            return await self._pass_over_namespace(key)
        self._add_namespace(key.namespace)
        delay = await self._reconcilers.tasks.reconcile(key)
        # After the task's own pass: a Job that cannot be given up must not delay that.
        return _earlier(delay, await self._reconcilers.waiting_jobs.reconcile(key))

    async def _pass_over_namespace(self, key: NamespaceKey) -> timedelta | None:
        namespaces = self._reconcilers.namespaces
        return None if namespaces is None else await namespaces.reconcile(key)

    def _add_namespace(self, namespace: str) -> None:
        """Have a namespace made with its first task; its own passes repeat themselves."""
        namespaces = self._reconcilers.namespaces
        if namespaces is not None and namespaces.is_new(namespace):
            namespaces.begin(namespace)
            self._namespaces.add(NamespaceKey(namespace, ""))


def _earlier(left: timedelta | None, right: timedelta | None) -> timedelta | None:
    return min((delay for delay in (left, right) if delay is not None), default=None)
