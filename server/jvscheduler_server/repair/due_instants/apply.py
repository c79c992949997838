"""Sees that every due instant of a CronJob has its record: reads, has `accounting` decide, writes.

A task is followed from its last accounted instant on. What seems lost is looked
at twice, half a minute apart, before it is written: a Job that Kubernetes has
just made may not have come through the watch yet. And nothing counts as
accounted for that was not read, so that a server whose write came second goes
on from what is there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.timeline import Due, Timeline
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.names import scheduled_time_of
from jvscheduler.outcomes import Stretch
from jvscheduler_server.cluster.objects import TaskCronJob
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.due_instants.decide import (
    GRACE,
    Carrier,
    Open,
    carrier_name,
    is_lost,
    open_instants,
    stretches,
)
from jvscheduler_server.repair.revisions.apply import Key, Revisions, by_namespace
from jvscheduler_server.repair.revisions.decide import CRON_JOB, is_carried

LOOKBACK: Final = timedelta(days=7)
"""How long no server may have run for all of that time to be accounted for."""

CONFIRMED: Final = timedelta(seconds=20)
MOST_INSTANTS: Final = 500
"""That one look at one task is about."""

MOST_LOOKS: Final = 100
"""In one pass, so that a long absence is made up for beside other work."""

LEAD: Final = timedelta(hours=1)
"""Jobs that became due so long before may have kept an instant from running."""


@dataclass
class Followed:
    """A task whose instants up to `until` are accounted for; `suspects` seemed lost at that
    time, and at every look since."""

    until: datetime
    definitions: Timeline | None = None
    looked: datetime | None = None
    suspects: dict[datetime, datetime] = field(default_factory=dict)

    def due(self, end: datetime) -> Iterable[Due]:
        if self.definitions is None:
            return ()
        due = self.definitions.due(self.until, end)
        return (one for one in due if one.revision.backend == CRON_JOB)

    def has_work(self, now: datetime) -> bool:
        return next(iter(self.due(now - GRACE)), None) is not None

    def is_over(self, now: datetime) -> bool:
        """A loop serves the task, or nobody does."""
        last = self.definitions.last if self.definitions else None
        return not (last and is_carried(last)) and not self.has_work(now)


@dataclass(frozen=True)
class Sighting:
    """The Jobs of the cluster, by namespace and name of their task."""

    begun: Mapping[Key, set[datetime]]
    active: Mapping[Key, set[datetime]]


class Accounts:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._revisions = Revisions(store, cluster)
        self._followed: dict[Key, Followed] = {}

    async def revise(self, now: datetime) -> None:
        """Raises HistoryUnavailable with the rest undone."""
        for key in await self._revisions.write(now):
            followed = self._followed.setdefault(key, Followed(now - LOOKBACK))
            followed.definitions = None

    async def account(self, now: datetime) -> None:
        """Raises HistoryUnavailable with the rest undone."""
        await self._define([k for k, f in self._followed.items() if f.definitions is None])
        await self._skip_accounted(now)
        waiting = [key for key, f in self._followed.items() if f.has_work(now)]
        self._followed = {k: f for k, f in self._followed.items() if not f.is_over(now)}
        waiting.sort(key=lambda key: self._followed[key].looked or self._followed[key].until)
        looked = waiting[:MOST_LOOKS]
        await self._define(looked)
        carried, sighting = self._revisions.carried(), _sighting(self._cluster)
        found: list[Stretch] = []
        for key in looked:
            found += await self._look(key, _carrier(key, carried.get(key), sighting), now)
        await self._store.record_stretches(found)

    async def _look(self, key: Key, carrier: Carrier, now: datetime) -> list[Stretch]:
        """At one task's oldest instants that are not known to be accounted for."""
        followed = self._followed[key]
        followed.looked = now
        due = list(islice(followed.due(now), MOST_INSTANTS + 1))
        after = due.pop().instant if len(due) > MOST_INSTANTS else None
        if not due:
            return []
        instants = InstantRange(*key, followed.until - LEAD, due[-1].instant)
        jobs = await self._store.jobs_between(instants)
        unaccounted = open_instants(due, after, jobs)
        lost = [one for one in unaccounted if is_lost(one, carrier, now)]
        confirmed = [one for one in lost if _is_confirmed(one, followed, now)]
        followed.suspects = {
            one.due.instant: followed.suspects.get(one.due.instant, now) for one in lost
        }
        first = unaccounted[0].due.instant if unaccounted else None
        accounted = [one.instant for one in due if first is None or one.instant < first]
        followed.until = accounted[-1] if accounted else followed.until
        return stretches(confirmed, carrier, jobs)

    async def _skip_accounted(self, now: datetime) -> None:
        """Most tasks have one new instant, and its record: one statement tells."""
        new = {key: list(islice(f.due(now - GRACE), 2)) for key, f in self._followed.items()}
        single = {key: due[0].instant for key, due in new.items() if len(due) == 1}
        for namespace, ids in by_namespace(single).items():
            last = await self._store.last_instants(namespace, ids, now)
            for task_id in ids:
                instant = single[namespace, task_id]
                if last.get(task_id) == instant:
                    self._followed[namespace, task_id].until = instant

    async def _define(self, keys: Iterable[Key]) -> None:
        """Anew: a loop, or another server, may have written the last revision."""
        for namespace, ids in by_namespace(keys).items():
            revisions = await self._store.revisions(namespace, ids)
            for task_id in ids:
                of_task = [r for r in revisions if r.job_name == task_id]
                self._followed[namespace, task_id].definitions = Timeline(of_task)


def _is_confirmed(one: Open, followed: Followed, now: datetime) -> bool:
    first = followed.suspects.get(one.due.instant)
    return first is not None and now - first >= CONFIRMED


def _sighting(cluster: WatchedCluster) -> Sighting:
    begun: dict[Key, set[datetime]] = {}
    active: dict[Key, set[datetime]] = {}
    for job in cluster.jobs():
        instant = scheduled_time_of(job.name, job.task_name)
        if instant is not None:
            begun.setdefault((job.namespace, job.task_name), set()).add(instant)
            if not job.finished:
                active.setdefault((job.namespace, job.task_name), set()).add(instant)
    for pod in [*cluster.pods(), *cluster.deleted_pods()]:
        if pod.job.scheduled_time is not None:
            begun.setdefault((pod.namespace, pod.job.task_name), set()).add(pod.job.scheduled_time)
    return Sighting(begun, active)


def _carrier(key: Key, cron_job: TaskCronJob | None, sighting: Sighting) -> Carrier:
    namespace, task_id = key
    name = carrier_name(task_id, cron_job)
    begun = sighting.begun.get((namespace, name), set())
    active = sighting.active.get((namespace, name), set())
    return Carrier(namespace, task_id, name, cron_job, begun, active)
