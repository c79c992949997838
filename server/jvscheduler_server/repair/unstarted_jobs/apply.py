"""Records what jobs wait for, and those that never started.

The jobs that it follows are in memory. After a start it reads them from the history once. So a job
whose Job was deleted while no server ran gets its end too.
"""

import logging
from datetime import datetime

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.history.records.unstarted import UnstartedJob, is_unstarted
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.names import LOCAL_NAMESPACE
from jvscheduler.outcomes import Status
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.unstarted_jobs.decide import (
    FollowedJob,
    follow,
    read_from_history,
    record_for,
    with_record,
)
from jvscheduler_server.repair.unstarted_jobs.gather import read_states

_log = logging.getLogger(__name__)


class UnstartedJobRepair:
    def __init__(self, store: HistoryStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._followed: dict[str, FollowedJob] = {}
        self._ended: frozenset[str] = frozenset()
        """Ids of the jobs in the cluster that have their end in the history."""
        self._has_read_history = False
        self._set_aside = SetAside("records of jobs that have not started", _log.warning)

    async def record(self, now: datetime) -> None:
        """Record what is new. Raises HistoryUnavailable with the rest undone.

        It must come before the cluster forgets deleted pods: a pod's last state says what it
        waited for.
        """
        if not self._has_read_history:
            await self._read_history(now)
        states = read_states(self._cluster)
        self._ended &= states.keys()
        self._followed = follow(self._followed, states, self._ended)
        for job_id, job in tuple(self._followed.items()):
            with self._set_aside.guard(f"{job.state.namespace}/{job_id}"):
                await self._record_one(job_id, job, exists=job_id in states, now=now)

    async def _record_one(
        self, job_id: str, job: FollowedJob, *, exists: bool, now: datetime
    ) -> None:
        record = record_for(job, exists=exists, now=now)
        if record is None:
            return
        await self._write(record)
        if record.status is Status.PENDING:
            self._followed[job_id] = with_record(job, record)
        else:
            del self._followed[job_id]
            self._ended |= {job_id}

    async def _read_history(self, now: datetime) -> None:
        for job in await self._store.unfinished():
            if is_unstarted(job) and job.namespace != LOCAL_NAMESPACE:
                with self._set_aside.guard(f"{job.namespace}/{job.id}"):
                    self._followed[job.id] = read_from_history(job, now)
        self._has_read_history = True

    async def _write(self, record: UnstartedJob) -> None:
        # One record that cannot be written must not delay the others.
        with self._set_aside.guard(f"{record.namespace}/{record.job_id}"):
            await self._store.record_unstarted(record)
            _log.info(
                "job %s of %s/%s has not started: %s (%s)",
                record.job_id,
                record.namespace,
                record.task_id,
                record.status,
                record.reason,
                extra={
                    "namespace": record.namespace,
                    "task_id": record.task_id,
                    "status": record.status,
                    "reason": record.reason,
                },
            )
