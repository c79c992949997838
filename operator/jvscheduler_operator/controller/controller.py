"""Feeds the queue from what is seen, works it off, and makes up for what was not seen.

kopf tells of objects that change, but not of those that vanished while its
watch was away (after a `410 Gone` it lists anew and says nothing of the
missing). Lists of our own, at the start and now and then, close that gap; the
first comes before any work, so that no child is taken for absent, and no loop
for one without tasks.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from jvscheduler.errors import TemporaryError
from jvscheduler_operator.cache.cache import Cache, Shelf
from jvscheduler_operator.cluster.client import Cluster, Rejected, Unavailable
from jvscheduler_operator.controller.dependents import Facts, concerned, facts
from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.loops.reconcile import LoopReconciler
from jvscheduler_operator.objects.manifests import Key, LoopKey, Manifest, key_of, loop_key_of
from jvscheduler_operator.tasks.reconcile import Reconciler

_logger = logging.getLogger(__name__)

_WORKERS: Final = 16
"""As many requests in flight; more only wait for the API server."""

_RESYNC_SECONDS: Final = 600.0
_RETRY_SECONDS: Final = 5.0


class Controller:
    def __init__(
        self,
        cluster: Cluster,
        cache: Cache,
        queue: WorkQueue,
        reconciler: Reconciler,
        loop_reconciler: LoopReconciler,
    ) -> None:
        self._cluster = cluster
        self._cache = cache
        self._queue = queue
        self._reconciler = reconciler
        self._loop_reconciler = loop_reconciler

    def task_seen(self, change: str | None, manifest: Manifest) -> None:
        self._seen(self._cache.tasks, key_of(manifest), change, manifest)

    def cron_job_seen(self, change: str | None, manifest: Manifest) -> None:
        self._seen(self._cache.children, key_of(manifest), change, manifest)

    def loop_seen(self, change: str | None, manifest: Manifest) -> None:
        self._seen(self._cache.loops, loop_key_of(manifest), change, manifest)

    async def wait_until_served(self) -> None:
        """kopf finds kinds at its start only, so it must not start before ours is there."""
        while True:
            try:
                if await self._cluster.serves_tasks():
                    return
                _logger.warning("The CRD of ScheduledTasks is not installed, waiting for it")
            except (Rejected, Unavailable) as error:
                _logger.warning("The Kubernetes API cannot be asked, trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)

    async def run(
        self, watch: Callable[[], Awaitable[None]], resync_seconds: float = _RESYNC_SECONDS
    ) -> None:
        """Until the watch ends, or the work fails.

        The workers are there before the watch starts: kopf takes every asyncio task that
        begins after it for its own, waits for it at its end and cancels it.
        """
        await self._list_all()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._work()) for _ in range(_WORKERS)]
                tasks.append(group.create_task(self._resync_for_ever(resync_seconds)))
                await watch()
                for task in tasks:
                    task.cancel()
        finally:
            self._queue.close()

    async def resync(self) -> None:
        """Compare the cache with what is there, and reconcile what differs."""
        children, loops = await self._cluster.cron_jobs(), await self._cluster.loops()
        tasks = await self._cluster.tasks()
        for shelf, listing in (
            (self._cache.children, children),
            (self._cache.loops, loops),
            (self._cache.tasks, tasks),
        ):
            for key in shelf.replace(listing.items, listing.version):
                self._queue.add(key)
                for loop in facts(self._cache, key).loops:
                    self._queue.add(loop)
        for key in self._cache.loops:
            self._queue.add(key)

    def _seen(self, shelf: Shelf, key: Key, change: str | None, manifest: Manifest) -> None:
        before = facts(self._cache, key)
        is_news = shelf.remove(manifest) if change == "DELETED" else shelf.put(manifest)
        if is_news:
            self._queue.add(key)
            self._add_concerned(key, before)

    def _add_concerned(self, key: Key, before: Facts) -> None:
        for other in concerned(self._cache, key, before):
            self._queue.add(other)

    async def _list_all(self) -> None:
        while True:
            try:
                await self.resync()
            except (Rejected, Unavailable) as error:
                _logger.warning("Nothing can be listed, trying again: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _resync_for_ever(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
            try:
                await self.resync()
            except (Rejected, Unavailable) as error:
                _logger.warning("Nothing could be compared, trying again later: %s", error)

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            try:
                await self._reconcile(key)
            finally:
                self._queue.done(key)

    async def _reconcile(self, key: Key) -> None:
        before = facts(self._cache, key)
        try:
            delay = await self._pass_over(key)
        except TemporaryError as error:
            again = self._queue.retry(key, getattr(error, "retry_after", 0.0))
            _logger.warning("%s: %s; again in %.1f s", key, error, again)
        except Exception:
            again = self._queue.retry(key)
            _logger.exception("%s could not be reconciled; again in %.1f s", key, again)
        else:
            self._queue.succeeded(key)
            self._queue.add_after(key, delay.total_seconds() if delay is not None else None)
        finally:
            self._add_concerned(key, before)

    async def _pass_over(self, key: Key) -> timedelta | None:
        if isinstance(key, LoopKey):
            return await self._loop_reconciler.reconcile(key)
        return await self._reconciler.reconcile(key)
