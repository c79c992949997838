"""Records the due instants of CronJobs for which nothing ran.

Each task is tracked from its last recorded instant on. An instant that seems lost is looked at
again half a minute later before it is recorded, because a Job that was just created may not
have come through the watch yet. Only what was read from the history counts as recorded: when
another server's record was first, this one goes on from it.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.revisions import by_task
from jvscheduler.history.records.timeline import Due, Timeline
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.outcomes import Stretch
from jvscheduler_server.cluster.objects import TaskKey, by_namespace
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.repair.backends import CRON_JOB, is_carried_by_cron_job
from jvscheduler_server.repair.due_instants.decide import (
    GRACE,
    TaskSnapshot,
    UnrecordedInstant,
    can_no_longer_start,
    stretches_to_record,
    unrecorded,
)
from jvscheduler_server.repair.due_instants.gather import take_snapshot

LOOKBACK: Final = timedelta(days=7)
"""After an absence of the server, instants of at most this long ago are recorded."""

CONFIRMED_AFTER: Final = timedelta(seconds=20)
"""An instant must seem lost for this long. It is less than the half minute between two passes,
so that the second pass confirms."""

MOST_INSTANTS: Final = 500
"""Instants of one task that one pass looks at, so that none takes long."""

MOST_TASKS: Final = 100
"""Tasks that one pass looks at, so that after a long absence other repairs go on meanwhile."""

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)

_log = logging.getLogger(__name__)

LEAD: Final = timedelta(hours=1)
"""Jobs that were due up to this long before an instant may have run when it came due."""


@dataclass
class TrackedTask:
    recorded_until: datetime
    """Each instant up to this one has a record."""
    timeline: Timeline | None = None
    """None: to be read from the history."""
    last_look_time: datetime | None = None
    suspected: dict[datetime, datetime] = field(default_factory=dict)
    """Instants that seem lost, each with the time since when they do."""

    def due(self, end: datetime) -> Iterable[Due]:
        """Yield the instants up to `end` that were a CronJob's and may lack a record."""
        if self.timeline is None:
            return ()
        due = self.timeline.due(self.recorded_until, end)
        return (each for each in due if each.revision.backend == CRON_JOB)

    def has_work(self, now: datetime) -> bool:
        return next(iter(self.due(now - GRACE)), None) is not None

    def is_over(self, now: datetime) -> bool:
        """True when no CronJob carries the task any more and all its instants have records."""
        last = self.timeline.last if self.timeline else None
        return not (last and is_carried_by_cron_job(last)) and not self.has_work(now)

    def forget_timeline(self) -> None:
        """The definition has changed: the timeline is to be read again."""
        self.timeline = None

    def set_timeline(self, timeline: Timeline) -> None:
        self.timeline = timeline

    def look(self, now: datetime) -> tuple[list[Due], datetime | None]:
        """Return the oldest instants, as many as one pass looks at, and the one due after them."""
        self.last_look_time = now
        due = list(islice(self.due(now), MOST_INSTANTS + 1))
        after = due.pop().instant if len(due) > MOST_INSTANTS else None
        return due, after

    def confirm(
        self, lost: Collection[UnrecordedInstant], now: datetime
    ) -> list[UnrecordedInstant]:
        """Return those that have seemed lost for long enough. Suspect the others from now on."""
        since = {each.time: self.suspected.get(each.time, now) for each in lost}
        self.suspected = since
        return [each for each in lost if now - since[each.time] >= CONFIRMED_AFTER]

    def go_on_from(self, instant: datetime) -> None:
        """Each instant up to this one has a record now."""
        self.recorded_until = instant


class DueInstantRepair:
    def __init__(self, store: LoopStore, cluster: WatchedCluster) -> None:
        self._store = store
        self._cluster = cluster
        self._tasks: dict[TaskKey, TrackedTask] = {}
        self._unreadable: set[str] = set()
        """Ids of the revisions that the log has named."""
        self._set_aside = SetAside("due instants of tasks", _log.warning)

    def track(self, keys: Iterable[TaskKey], now: datetime) -> None:
        """Track these tasks, whose definitions have changed."""
        for key in keys:
            self._tasks.setdefault(key, TrackedTask(now - LOOKBACK)).forget_timeline()

    async def record(self, now: datetime) -> None:
        """Record what is confirmed. Raises HistoryUnavailable with the rest undone."""
        await self._read_timelines(k for k, t in self._tasks.items() if t.timeline is None)
        await self._skip_recorded(now)
        chosen = self._choose(now)
        # Again: a loop, or another server, may have written a revision since.
        await self._read_timelines(chosen)
        snapshot = take_snapshot(self._cluster)
        stretches: list[Stretch] = []
        for key in chosen:
            with self._set_aside.guard("/".join(key)):
                stretches += await self._look_at(self._tasks[key], snapshot.of_task(key), now)
        await self._store.record_stretches(stretches)

    def _choose(self, now: datetime) -> Collection[TaskKey]:
        """Return the tasks to look at now: those that have waited longest."""
        waiting = [key for key, task in self._tasks.items() if task.has_work(now)]
        self._tasks = {key: task for key, task in self._tasks.items() if not task.is_over(now)}
        waiting.sort(key=lambda k: self._tasks[k].last_look_time or self._tasks[k].recorded_until)
        return waiting[:MOST_TASKS]

    async def _look_at(
        self, task: TrackedTask, snapshot: TaskSnapshot, now: datetime
    ) -> list[Stretch]:
        """Look at one task's oldest instants; return the records to write."""
        due, after = task.look(now)
        if not due:
            return []
        period = InstantRange(*snapshot.key, task.recorded_until - LEAD, due[-1].instant)
        jobs = await self._store.jobs_between(period)
        without_record = unrecorded(due, after, jobs)
        lost = [each for each in without_record if can_no_longer_start(each, snapshot, now)]
        confirmed = task.confirm(lost, now)
        first = without_record[0].time if without_record else None
        recorded = [each.instant for each in due if first is None or each.instant < first]
        if recorded:
            task.go_on_from(recorded[-1])
        return stretches_to_record(confirmed, snapshot, jobs)

    async def _skip_recorded(self, now: datetime) -> None:
        """Move on each task whose only new instant has its record.

        That is the usual case, and one statement answers it for all tasks of a namespace.
        """
        new = {key: list(islice(t.due(now - GRACE), 2)) for key, t in self._tasks.items()}
        single = {key: due[0].instant for key, due in new.items() if len(due) == 1}
        for namespace, ids in by_namespace(single).items():
            last = await self._store.last_instants(namespace, ids, now)
            for key in (TaskKey(namespace, task_id) for task_id in ids):
                if last.get(key.task_id) == single[key]:
                    self._tasks[key].go_on_from(single[key])

    async def _read_timelines(self, keys: Iterable[TaskKey]) -> None:
        for namespace, ids in by_namespace(keys).items():
            revisions = by_task(await self._store.revisions(namespace, ids))
            for task_id in ids:
                task, timeline = TaskKey(namespace, task_id), Timeline(revisions.get(task_id, ()))
                self._tasks[task].set_timeline(timeline)
                self._name_unreadable(timeline, self._tasks[task].recorded_until)

    def _name_unreadable(self, timeline: Timeline, start: datetime) -> None:
        for revision in timeline.unreadable(start, _FOREVER):
            if revision.id not in self._unreadable:
                self._unreadable.add(revision.id)
                what = f"what was due of {revision.job_name} in {revision.namespace}"
                since = f"since {revision.since:%Y-%m-%dT%H:%M:%SZ}"
                _log.warning("%s %s has no record: %s", what, since, revision.problem)
