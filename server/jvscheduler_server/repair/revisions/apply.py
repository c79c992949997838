"""Writes down which definition each CronJob carries, as soon as it is seen.

A CronJob whose two times have not changed since the last look is not looked at
again. Two servers write the same: a revision's id follows from its start.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.revisions import ScheduleRevision, identified
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler_server.cluster.objects import TaskCronJob, TaskState
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.revisions.decide import (
    CRON_JOB,
    LOOP,
    is_carried,
    removal_of,
    revision_of,
)

Key = tuple[str, str]
"""A task's namespace and id."""

Sight = tuple[datetime, datetime]

HANDOVER: Final = timedelta(seconds=2)
"""How long a loop may take to hear that a CronJob, whose times are in whole seconds, took over."""


class Revisions:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._seen: dict[Key, Sight | None] = {}
        """None: known of from the history alone."""
        self._began = False

    def carried(self) -> Mapping[Key, TaskCronJob]:
        """Tasks with a CronJob that schedules them; not those that a loop serves already."""
        looped = {key_of(task) for task in self._cluster.tasks() if task.backend == LOOP}
        found = {key_of(cron_job): cron_job for cron_job in self._cluster.cron_jobs()}
        return {key: cron_job for key, cron_job in found.items() if key not in looped}

    async def write(self, now: datetime) -> Collection[Key]:
        """The tasks whose definition has changed. Raises HistoryUnavailable; then again."""
        carried = self.carried()
        absent_before = await self._begin() if not self._began else set()
        changed = [k for k, c in carried.items() if self._seen.get(k) != _sight(c)]
        gone = self._gone(carried)
        lasts = await self._lasts([*changed, *gone])
        made = [await self._revision(carried[key], lasts.get(key), now) for key in changed]
        made += [
            removal_of(lasts.get(key), await self._end(key, absent_before, now)) for key in gone
        ]
        await self._store.add_revisions([revision for revision in made if revision is not None])
        self._forget(carried)
        self._seen |= {key: _sight(carried[key]) for key in changed}
        self._began = True
        return [*changed, *gone]

    async def _revision(
        self, cron_job: TaskCronJob, last: ScheduleRevision | None, now: datetime
    ) -> ScheduleRevision | None:
        """Up to when a loop has just run the task, its definition was in force."""
        made = revision_of(cron_job, last, now)
        if made is None or made.since is None or last is None or last.backend == CRON_JOB:
            return made
        key, until = key_of(cron_job), made.since + HANDOVER
        known = await self._store.last_instants(key[0], [key[1]], until)
        return identified(made, max(made.since, known.get(key[1], made.since)))

    async def _begin(self) -> set[Key]:
        """What the history takes for carried by a CronJob."""
        known: set[Key] = set()
        for namespace in {namespace for namespace, _ in await self._store.tasks()}:
            lasts = await self._store.last_revisions(namespace)
            known |= {(namespace, task) for task, last in lasts.items() if is_carried(last)}
        self._seen = dict.fromkeys(known)
        return known

    def _gone(self, carried: Collection[Key]) -> list[Key]:
        """Of tasks that are no more: one that still is has its CronJob made again."""
        tasks = {key_of(task) for task in self._cluster.tasks()}
        return [key for key in self._seen if key not in carried and key not in tasks]

    def _forget(self, carried: Collection[Key]) -> None:
        """Who carries it next writes the next revision; only then is it looked at anew."""
        self._seen = {key: sight for key, sight in self._seen.items() if key in carried}

    async def _lasts(self, keys: Iterable[Key]) -> Mapping[Key, ScheduleRevision]:
        found: dict[Key, ScheduleRevision] = {}
        for namespace, ids in by_namespace(keys).items():
            lasts = await self._store.last_revisions(namespace, ids)
            found |= {(namespace, task): last for task, last in lasts.items()}
        return found

    async def _end(self, key: Key, absent_before: Collection[Key], now: datetime) -> datetime:
        """Of one that went while no server ran, nothing is known after its last record."""
        if key not in absent_before:
            return now
        last = await self._store.last_instants(key[0], [key[1]], now)
        return last.get(key[1], datetime.fromtimestamp(0, now.tzinfo))


def by_namespace(keys: Iterable[Key]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for namespace, task_id in keys:
        found.setdefault(namespace, []).append(task_id)
    return found


def key_of(task: TaskState | TaskCronJob) -> Key:
    return task.namespace, task.task_id


def _sight(cron_job: TaskCronJob) -> Sight:
    return cron_job.created_time, cron_job.changed_time
