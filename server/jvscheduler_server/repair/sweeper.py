"""Keeps the history true: looks at the cluster, has `sweep` and `lost` decide, records.

Pods and CronJobs are looked at whenever the cluster changed; the history's
unfinished jobs, and due instants without a record, every half minute; the
former also when a pod ended and left nothing to tell. What the history does
not take stays where it came from (the pod in the cache, or the cluster's
departed pods) and is decided again, so there is little state here.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Outcome
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.attempts.decide import closings, givings_up, seen
from jvscheduler_server.repair.attempts.pod_rules import is_silent, repairs
from jvscheduler_server.repair.due_instants.apply import Accounts
from jvscheduler_server.repair.former_loop_tasks.apply import Abandoned

PERIOD: Final = timedelta(seconds=30)
"""Between two looks at the history's unfinished jobs."""

PAUSE_SECONDS: Final = 1.0
"""After a change, so that a burst of them costs one sweep."""


def utc_now() -> datetime:
    return datetime.now(UTC)


_log = logging.getLogger(__name__)


class Sweeper:
    def __init__(
        self,
        store: LoopStore,
        cluster: WatchedCluster,
        clock: Callable[[], datetime] = utc_now,
        backoff: Backoff | None = None,
    ) -> None:
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._backoff = backoff or Backoff(first=1, longest=30)
        self._accounts = Accounts(store, cluster)
        self._abandoned = Abandoned(store, cluster)
        self._settled: frozenset[str] = frozenset()
        self._compared_time: datetime | None = None
        self._accounted_time: datetime | None = None
        self._compared_pods: frozenset[str] = frozenset()
        self._heard_since: datetime | None = None
        """Since when the history has answered this server; None while it does not."""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            failed_pause = await self._swept()
            if failed_pause is None:
                await self._cluster.changed(PERIOD.total_seconds())
            await asyncio.sleep(failed_pause or PAUSE_SECONDS)

    async def sweep(self) -> None:
        """Once. Raises HistoryUnavailable with the rest undone."""
        if not self._cluster.synced:
            return
        try:
            await self._settle_pods()
            if self._is_comparison_due():
                await self._compare()
            await self._keep_accounts()
        except HistoryUnavailable:
            self._heard_since = None
            raise

    async def _swept(self) -> float | None:
        """The seconds to wait before the next try, when it failed."""
        try:
            await self.sweep()
        except HistoryUnavailable as error:
            pause = self._backoff.next()
            _log.warning("%s; what it should know is kept, next try in %.0f s", error, pause)
            return pause
        except Exception:  # noqa: BLE001 - logged, with its traceback
            # The next sweep decides again from what is true then; a fault in one
            # must not end all.
            _log.exception("a sweep failed")
            return self._backoff.next()
        self._backoff.reset()
        return None

    async def _settle_pods(self) -> None:
        """What ended pods tell, each once as long as this process lives."""
        departed = self._cluster.deleted_pods()
        pods = [*self._cluster.pods(), *departed]
        self._settled &= {pod.uid for pod in pods}
        fresh = [pod for pod in pods if pod.uid not in self._settled]
        for pod, outcome in repairs(fresh, self._clock()):
            await self._record(outcome)
            self._settled |= {pod.uid}
        self._cluster.forget(pod for pod in departed if not is_silent(pod))

    def _is_comparison_due(self) -> bool:
        last = self._compared_time
        if last is None or self._clock() - last >= PERIOD:
            return True
        pods = [*self._cluster.pods(), *self._cluster.deleted_pods()]
        return any(pod.uid not in self._compared_pods for pod in pods if is_silent(pod))

    async def _compare(self) -> None:
        """The history's unfinished jobs with a cluster that is at least as new."""
        now = self._clock()
        unfinished = await self._store.unfinished()
        heard_since = self._heard_since = self._heard_since or now
        departed = self._cluster.deleted_pods()
        pods = [*departed, *self._cluster.pods()]
        cluster = seen(pods, self._cluster.jobs())
        for find in (closings, givings_up):
            for outcome in find(unfinished, cluster, now, heard_since):
                await self._record(outcome)
        self._cluster.forget(pod for pod in departed if is_silent(pod))
        self._compared_pods = frozenset(pod.uid for pod in pods if is_silent(pod))
        self._compared_time = now

    async def _keep_accounts(self) -> None:
        """Last, for nothing else waits for it."""
        now = self._clock()
        await self._abandoned.begin(now)
        await self._accounts.revise(now)
        if self._accounted_time is None or now - self._accounted_time >= PERIOD:
            await self._accounts.account(now)
            await self._abandoned.account(now)
            self._accounted_time = now

    async def _record(self, outcome: Outcome) -> None:
        try:
            await self._store.record(outcome)
        except HistoryUnavailable:
            raise
        except (SchedulerError, ValueError):
            _log.exception("job %s cannot be recorded", outcome.job_id)
            return
        _log.info(
            "recorded for the runner: job %s of %s/%s is %s (%s)",
            outcome.job_id,
            outcome.namespace,
            outcome.task_id,
            outcome.status,
            outcome.reason,
        )
