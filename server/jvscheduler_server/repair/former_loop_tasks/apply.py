"""Ends what a loop served and could not end itself: the task was deleted, or given to a CronJob,
while no loop ran.

A loop that runs accounts for such a task at once, or from its spool as soon as the
history is back; so the history must have been there for a while before this does.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from jvscheduler.due_instants.decide import stretches_between
from jvscheduler.due_instants.definition import definition_of
from jvscheduler.errors import InvalidSchedule
from jvscheduler.history.records.revisions import ScheduleRevision, by_task
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.names import resource_name
from jvscheduler_server.cluster.local import LOCAL_NAMESPACE
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.revisions.apply import Key, by_namespace, key_of
from jvscheduler_server.repair.revisions.decide import LOOP, is_served, removed

PATIENCE: Final = timedelta(minutes=1)
_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Left:
    """A task that no loop serves any more: since `end`, and looked at since `waited`.

    Without an end it went while no server ran: nothing is known after its last record.
    """

    name: str
    end: datetime | None
    waited: datetime


class Abandoned:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._served: dict[Key, str] = {}
        """Names of the ScheduledTasks."""
        self._left: dict[Key, _Left] = {}
        self._looked: datetime | None = None
        self._began = False

    async def begin(self, now: datetime) -> None:
        """With what the history takes for served by a loop, before anybody writes there who
        serves it now."""
        if self._began:
            return
        namespaces = {namespace for namespace, _ in await self._store.tasks()}
        for namespace in namespaces - {LOCAL_NAMESPACE}:
            lasts = await self._store.last_revisions(namespace)
            for task_id in (task_id for task_id, last in lasts.items() if is_served(last)):
                self._left[namespace, task_id] = _Left(resource_name(task_id), None, now)
        self._began = True

    async def account(self, now: datetime) -> None:
        """Raises HistoryUnavailable with the rest undone. Called only while there is a history."""
        self._look(now)
        there = {key_of(task) for task in self._cluster.tasks()}
        waited = [key for key, left in self._left.items() if now - left.waited >= PATIENCE]
        for namespace, ids in by_namespace(waited).items():
            revisions = by_task(await self._store.revisions(namespace, ids))
            for task_id in ids:
                key, of_task = (namespace, task_id), revisions.get(task_id, ())
                if await self._is_ended(self._left[key], of_task, is_there=key in there):
                    del self._left[key]

    def _look(self, now: datetime) -> None:
        served = {key_of(t): t.name for t in self._cluster.tasks() if t.backend == LOOP}
        was_away = self._looked is not None and now - self._looked >= PATIENCE
        before = self._left.items()
        known = {k: replace(v, waited=now) if was_away else v for k, v in before if k not in served}
        new = {k: _Left(name, now, now) for k, name in self._served.items() if k not in served}
        self._left, self._served, self._looked = new | known, served, now

    async def _is_ended(
        self, left: _Left, revisions: Sequence[ScheduleRevision], *, is_there: bool
    ) -> bool:
        """False while it is not known who serves the task next."""
        of_loop = [revision for revision in revisions if is_served(revision)]
        if not of_loop:
            return True
        last, following = of_loop[-1], revisions[revisions.index(of_loop[-1]) + 1 :]
        if following:
            await self._account(last, left.name, following[0].since)
        elif is_there:
            return False
        else:
            removal = removed(last, left.end or await self._accounted(last, _FOR_EVER))
            await self._account(last, left.name, removal.since)
            await self._store.add_revisions([removal])
        return True

    async def _account(self, last: ScheduleRevision, name: str, end: datetime | None) -> None:
        """From the loop's last account on."""
        if last.since is None or end is None:
            return
        try:
            definition = definition_of(last, name)
        except InvalidSchedule as error:  # only a newer version can read it
            _log.warning("what a loop left of %s has no record: %s", name, error)
            return
        for stretches in stretches_between(definition, await self._accounted(last, end), end):
            await self._store.record_stretches(stretches)

    async def _accounted(self, last: ScheduleRevision, until: datetime) -> datetime:
        """Since it is in force, or since the last instant that has a record."""
        known = await self._store.last_instants(last.namespace, [last.job_name], until)
        return max(time for time in (last.since, known.get(last.job_name)) if time)
