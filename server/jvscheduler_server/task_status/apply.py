"""Keeps the status of tasks up to date with the history.

Every ten seconds it asks the history, in two statements for each namespace, which tasks have a new
instant or other running jobs. Only these are looked at. So a task is written at most once in ten
seconds, and all tasks together at most 20 times in a second.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from jvscheduler.edge.set_aside import SetAside
from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler_server.cluster.objects import TaskKey, TaskState, by_namespace
from jvscheduler_server.cluster.protocols import Cluster, StatusApi
from jvscheduler_server.task_status.decide import differs, event_of, is_transition, status_of

PERIOD_SECONDS: Final = 10.0
"""The pause between two looks at the history, and so between two writes of one task."""

PAUSE_SECONDS: Final = 0.05
"""The pause between two writes."""

MOST_TASKS: Final = 200
"""The most tasks that one look writes: as many as fit into its period. The next look begins with
the others."""

Json = Mapping[str, Any]

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class JobsOfTask:
    """The facts that show news of a task: its last instant, and its jobs that have not ended."""

    last_instant: datetime | None = None
    unfinished: frozenset[str] = frozenset()


class TaskStatusWriter:
    def __init__(
        self,
        store: LoopStore,
        cluster: Cluster,
        api: StatusApi,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._cluster = cluster
        self._api = api
        self._clock = clock
        self._sleep = sleep
        self._written: dict[str, JobsOfTask] = {}
        """For each ScheduledTask, by uid, the jobs that its status is about."""
        self._looks: dict[str, datetime] = {}
        """When each ScheduledTask, by uid, was looked at last."""
        self._set_aside = SetAside("status of tasks", _log.warning)

    async def run(self) -> None:
        """Write until it is cancelled."""
        while True:
            try:
                await self.write()
            except HistoryUnavailable as error:
                _log.warning("%s; the status of tasks is not up to date", error)
            except Exception:  # noqa: BLE001 - logged, with its traceback
                # An error of one look must not end the work: the next look decides anew.
                _log.exception("the status of tasks was not written")
            await self._sleep(PERIOD_SECONDS)

    async def write(self) -> None:
        """Write the status of the tasks that have news. Raises HistoryUnavailable."""
        if not self._cluster.synced:
            return
        # Jobs are recorded under a task's id: those of a task in conflict are the older one's.
        tasks = [task for task in self._cluster.tasks() if not task.is_conflicting]
        self._forget_all_but(tasks)
        jobs = await self._jobs_of(tasks)
        news = [task for task in tasks if self._written.get(task.uid) != jobs[task.key]]
        news.sort(key=lambda task: self._looks.get(task.uid, datetime.min.replace(tzinfo=UTC)))
        chosen: list[tuple[TaskState, Json]] = []
        for task in news[:MOST_TASKS]:
            # Also when it fails: a task that always does must not come first in each look.
            self._looks[task.uid] = self._clock()
            with self._set_aside.guard("/".join(task.key)):
                chosen.append((task, await self._status(task, jobs[task.key])))
        # Tasks that begin or cease to fail come first.
        chosen.sort(key=lambda each: not is_transition(*each))
        for task, status in chosen:
            await self._write_one(task, status, jobs[task.key])

    async def _jobs_of(self, tasks: Sequence[TaskState]) -> Mapping[TaskKey, JobsOfTask]:
        unfinished: dict[TaskKey, set[str]] = {}
        for job in await self._store.unfinished():
            unfinished.setdefault(_key_of(job), set()).add(job.id)
        last: dict[TaskKey, datetime] = {}
        for namespace, ids in by_namespace(task.key for task in tasks).items():
            found = await self._store.last_instants(namespace, ids, self._clock())
            last.update({TaskKey(namespace, task_id): time for task_id, time in found.items()})
        return {
            task.key: JobsOfTask(last.get(task.key), frozenset(unfinished.get(task.key, ())))
            for task in tasks
        }

    async def _status(self, task: TaskState, jobs: JobsOfTask) -> Json:
        summary = await self._store.summary(task.namespace, task.task_id)
        return status_of(task, summary, len(jobs.unfinished), self._clock())

    async def _write_one(self, task: TaskState, status: Json, jobs: JobsOfTask) -> None:
        try:
            if differs(task, status):
                await self._api.apply_task_status(task, status)
                event = event_of(task, status, self._clock())
                if event is not None:
                    await self._api.create_event(task, event)
                await self._sleep(PAUSE_SECONDS)
        except SchedulerError as error:
            # The task is deleted, or the API server is away. The next look tries again.
            about = {"namespace": task.namespace, "task": task.name}
            _log.warning("the status of %s/%s: %s", task.namespace, task.name, error, extra=about)
        else:
            self._written[task.uid] = jobs

    def _forget_all_but(self, tasks: Sequence[TaskState]) -> None:
        known = {task.uid for task in tasks}
        self._written = {uid: jobs for uid, jobs in self._written.items() if uid in known}
        self._looks = {uid: time for uid, time in self._looks.items() if uid in known}


def _key_of(job: ScheduledJob) -> TaskKey:
    return TaskKey(job.namespace, job.job_name)
