"""Records what a loop could not record of a task that was taken from it while it did not run.

The task was deleted, or a CronJob took it over. A loop that runs does this itself.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from jvscheduler.due_instants.decide import stretches_between
from jvscheduler.due_instants.definition import definition_of
from jvscheduler.due_instants.takeover.settle import settle_noted
from jvscheduler.edge.set_aside import SetAside
from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.records.revisions import ScheduleRevision, by_task
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.names import LOCAL_NAMESPACE, resource_name
from jvscheduler_server.cluster.objects import TaskKey, by_namespace
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.backends import LOOP, is_served_by_loop
from jvscheduler_server.repair.former_loop_tasks.decide import (
    PATIENCE,
    FormerTask,
    remainder_of,
    update_former_tasks,
)
from jvscheduler_server.repair.revisions.decide import removal_after

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)

_log = logging.getLogger(__name__)


def _report(name: str, problem: str) -> None:
    _log.warning("what a loop left of %s has no record: %s", name, problem)


class FormerLoopTaskRepair:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._served: Mapping[TaskKey, str] = {}
        """Names of the tasks that a loop serves."""
        self._former: dict[TaskKey, FormerTask] = {}
        self._last_time: datetime | None = None
        self._has_read_history = False
        self._set_aside = SetAside("tasks of former loops", _log.warning)

    async def read_history(self, now: datetime) -> None:
        """Read, once, which tasks a loop serves as the history says.

        It must come before the revisions of CronJobs are written: those would hide a task that
        a CronJob took over while no server ran.
        """
        if self._has_read_history:
            return
        namespaces = {namespace for namespace, _ in await self._store.tasks()}
        # The loop of `jvscheduler dev` is in no cluster: its absence here proves nothing.
        for namespace in namespaces - {LOCAL_NAMESPACE}:
            revisions = await self._store.last_revisions(namespace)
            served = (task_id for task_id, last in revisions.items() if is_served_by_loop(last))
            for task_id in served:
                former = FormerTask(resource_name(task_id), None, now)
                self._former[TaskKey(namespace, task_id)] = former
        self._has_read_history = True

    async def record(self, now: datetime) -> None:
        """Record what is left of former tasks. Raises HistoryUnavailable with the rest undone.

        To be called only while the history answers: a gap between two calls means that it did
        not.
        """
        self._update(now)
        existing = {task.key for task in self._cluster.tasks()}
        due = [key for key, t in self._former.items() if now - t.waiting_since >= PATIENCE]
        for namespace, ids in by_namespace(due).items():
            # A loop that was killed may have recorded later instants than those that it had still
            # to record. What follows goes on from the last record.
            left = await self._store.takeovers(namespace, ids)
            await settle_noted(self._store, left, now, _report)
            revisions = by_task(await self._store.revisions(namespace, ids))
            for key in (TaskKey(namespace, task_id) for task_id in ids):
                of_task = revisions.get(key.task_id, ())
                with self._set_aside.guard("/".join(key)):
                    if await self._end(self._former[key], of_task, exists=key in existing):
                        del self._former[key]

    def _update(self, now: datetime) -> None:
        served = {task.key: task.name for task in self._cluster.tasks() if task.backend == LOOP}
        was_away = self._last_time is not None and now - self._last_time >= PATIENCE
        former = update_former_tasks(
            self._former, self._served, served, now, history_was_away=was_away
        )
        self._former, self._served, self._last_time = dict(former), served, now

    async def _end(
        self, task: FormerTask, revisions: Sequence[ScheduleRevision], *, exists: bool
    ) -> bool:
        """Return True when nothing is left to record."""
        remainder = remainder_of(revisions)
        if remainder is None:
            return True
        last = remainder.last
        if remainder.next is not None:
            await self._record_until(remainder.next.since, last, task.name)
        elif exists:
            # Its next backend has not written its revision yet, and that dates the end.
            return False
        else:
            # Nobody saw when it was deleted: nothing is known after its last record.
            end = task.end or await self._recorded_until(last, _FOREVER)
            removal = removal_after(last, end)
            await self._record_until(removal.since, last, task.name)
            await self._store.add_revisions([removal])
        return True

    async def _record_until(self, end: datetime | None, last: ScheduleRevision, name: str) -> None:
        if last.since is None or end is None:
            return
        try:
            definition = definition_of(last, name)
        except InvalidSchedule as error:
            # A newer version wrote it in a form that this one does not know.
            _report(name, str(error))
            return
        start = await self._recorded_until(last, end)
        for stretches in stretches_between(definition, start, end):
            await self._store.record_stretches(stretches)

    async def _recorded_until(self, last: ScheduleRevision, end: datetime) -> datetime:
        """Return the last instant with a record, or since when the revision is in force."""
        known = await self._store.last_instants(last.namespace, [last.job_name], end)
        return max(time for time in (last.since, known.get(last.job_name)) if time)
