"""Writes a revision for each CronJob that changed, and for each task whose CronJob is gone.

A CronJob is read again only when its times or its definition have changed. Two servers write
the same revision: its id follows from the task and its start.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler_server.cluster.objects import TaskCronJob, TaskKey, by_namespace
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.backends import CRON_JOB, cron_jobs_by_task, is_carried_by_cron_job
from jvscheduler_server.repair.revisions.decide import (
    removal_of,
    revision_of_cron_job,
    revisions_of_cron_job,
)

Version = tuple[object, ...]
"""When a CronJob was created and when it was last edited, and its definition."""

HANDOVER: Final = timedelta(seconds=2)
"""A loop may start jobs for this long after a CronJob took over: it learns of that by a watch,
and the CronJob's times are in whole seconds."""

_EPOCH: Final = datetime.fromtimestamp(0, UTC)

_log = logging.getLogger(__name__)


class CronJobRevisions:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._written: dict[TaskKey, Version | None] = {}
        """The CronJobs whose definition the history has. None: only the history knows of it."""
        self._has_read_history = False
        self._set_aside = SetAside("definitions of CronJobs", _log.warning)

    async def write(self, now: datetime) -> Collection[TaskKey]:
        """Write what changed, and return the tasks whose definition may have changed.

        Raises HistoryUnavailable. Then the next call does the same again.
        """
        cron_jobs = cron_jobs_by_task(self._cluster)
        from_history = set() if self._has_read_history else await self._read_history()
        changed = [k for k, c in cron_jobs.items() if self._written.get(k) != _version(c)]
        gone = self._gone(cron_jobs)
        last = await self._last_revisions([*changed, *gone])
        revisions: list[ScheduleRevision] = []
        for key in changed:
            with self._set_aside.guard("/".join(key)):
                revisions += await self._revisions(cron_jobs[key], last.get(key), now)
        for key in gone:
            # Without a server nobody saw when it was removed. Nothing is known to be due
            # after the task's last record, so the removal is dated there.
            end = await self._last_instant(key, now) if key in from_history else now
            removal = removal_of(last.get(key), end)
            revisions += [removal] if removal is not None else []
        await self._store.add_revisions(revisions)
        # A task that has left `cron_jobs` gets its next revision from its next backend.
        self._written = {key: v for key, v in self._written.items() if key in cron_jobs}
        self._written |= {key: _version(cron_jobs[key]) for key in changed}
        self._has_read_history = True
        return [*changed, *gone]

    async def _revisions(
        self, cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime
    ) -> Sequence[ScheduleRevision]:
        if last is None or last.backend == CRON_JOB:
            return revisions_of_cron_job(cron_job, last, now)
        revision = revision_of_cron_job(cron_job, last, now)
        if revision is None or revision.since is None:
            return []
        # A loop served the task before. For instants that it still ran, its definition was in
        # force; otherwise they would seem to be the CronJob's, with one record too many.
        key, until = cron_job.key, revision.since + HANDOVER
        known = await self._store.last_instants(key.namespace, [key.task_id], until)
        return [identified(revision, max(revision.since, known.get(key.task_id, revision.since)))]

    async def _read_history(self) -> set[TaskKey]:
        """Read which tasks a CronJob carries, as the history says; return their keys."""
        keys: set[TaskKey] = set()
        for namespace in {namespace for namespace, _ in await self._store.tasks()}:
            revisions = await self._store.last_revisions(namespace)
            carried = (task for task, last in revisions.items() if is_carried_by_cron_job(last))
            keys |= {TaskKey(namespace, task_id) for task_id in carried}
        self._written = dict.fromkeys(keys)
        return keys

    def _gone(self, cron_jobs: Collection[TaskKey]) -> list[TaskKey]:
        # While the task exists, the operator creates its CronJob again: nothing was removed.
        tasks = {task.key for task in self._cluster.tasks()}
        return [key for key in self._written if key not in cron_jobs and key not in tasks]

    async def _last_revisions(self, keys: Iterable[TaskKey]) -> Mapping[TaskKey, ScheduleRevision]:
        found: dict[TaskKey, ScheduleRevision] = {}
        for namespace, ids in by_namespace(keys).items():
            last = await self._store.last_revisions(namespace, ids)
            found |= {TaskKey(namespace, task): revision for task, revision in last.items()}
        return found

    async def _last_instant(self, key: TaskKey, now: datetime) -> datetime:
        last = await self._store.last_instants(key.namespace, [key.task_id], now)
        return last.get(key.task_id, _EPOCH)


def _version(cron_job: TaskCronJob) -> Version:
    # The times are in whole seconds: a second edit may leave them as they are.
    return cron_job.created_time, cron_job.changed_time, cron_job.definition
