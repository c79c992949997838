"""Runs the five repairs in their order, again and again.

Pods and CronJobs are looked at whenever the cluster has changed. Every half minute the
history's unfinished jobs are compared with the cluster, and due instants without a record are
looked for. A failed pass is repeated: what it did not record is still in the cluster.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.attempts.apply import AttemptRepair
from jvscheduler_server.repair.due_instants.apply import DueInstantRepair
from jvscheduler_server.repair.former_loop_tasks.apply import FormerLoopTaskRepair
from jvscheduler_server.repair.revisions.apply import CronJobRevisions
from jvscheduler_server.repair.unstarted_jobs.apply import UnstartedJobRepair

PERIOD: Final = timedelta(seconds=30)
"""The pause between two looks at the history."""

PAUSE_SECONDS: Final = 1.0
"""The pause after a change, so that many changes at once cost one pass."""

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Sweeper:
    def __init__(
        self,
        store: LoopStore,
        cluster: WatchedCluster,
        clock: Callable[[], datetime] = utc_now,
        backoff: Backoff | None = None,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._backoff = backoff or Backoff(first=1, longest=30)
        self._attempts = AttemptRepair(store, cluster)
        self._unstarted_jobs = UnstartedJobRepair(store, cluster)
        self._revisions = CronJobRevisions(store, cluster)
        self._due_instants = DueInstantRepair(store, cluster)
        self._former_loop_tasks = FormerLoopTaskRepair(store, cluster)
        self._compared_time: datetime | None = None
        self._recorded_time: datetime | None = None

    async def run(self) -> None:
        """Repair until it is cancelled."""
        while True:
            failure_pause = await self._try_to_sweep()
            if failure_pause is None:
                await self._cluster.changed(PERIOD.total_seconds())
            await asyncio.sleep(failure_pause or PAUSE_SECONDS)

    async def sweep(self) -> None:
        """Run one pass. Raises HistoryUnavailable with the rest undone."""
        # Before the first lists have arrived a missing pod or CronJob proves nothing.
        if not self._cluster.synced:
            return
        try:
            await self._repair_attempts()
            await self._repair_instants()
        except HistoryUnavailable:
            self._attempts.note_history_away()
            raise

    async def _try_to_sweep(self) -> float | None:
        """Return the seconds to wait before the next try; None when the pass succeeded."""
        try:
            await self.sweep()
        except HistoryUnavailable as error:
            pause = self._backoff.next()
            _log.warning("%s; records wait in memory, next try in %.0f s", error, pause)
            return pause
        except Exception:  # noqa: BLE001 - logged, with its traceback
            # An error in one pass must not end the repair: the next one decides anew.
            _log.exception("a sweep failed")
            return self._backoff.next()
        self._backoff.reset()
        return None

    async def _repair_attempts(self) -> None:
        # First: the next step forgets pods that were deleted before they started.
        await self._unstarted_jobs.record(self._clock())
        await self._attempts.record_pods(self._clock())
        now = self._clock()
        if _is_due(self._compared_time, now) or self._attempts.has_news:
            await self._attempts.compare(now)
            self._compared_time = now

    async def _repair_instants(self) -> None:
        now = self._clock()
        await self._former_loop_tasks.read_history(now)
        self._due_instants.track(await self._revisions.write(now), now)
        if _is_due(self._recorded_time, now):
            await self._due_instants.record(now)
            await self._former_loop_tasks.record(now)
            self._recorded_time = now


def _is_due(last_time: datetime | None, now: datetime) -> bool:
    return last_time is None or now - last_time >= PERIOD
