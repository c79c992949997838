"""The cluster as four watches see it: pods, Jobs and CronJobs of tasks, and ScheduledTasks.

The first three are selected by label on the API server, in all namespaces. Pods
that are gone are kept, as they were last seen, until the sweep has recorded what
they tell. They are bounded, for a history that stays away for good must not
take the server with it.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from jvscheduler import names
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.objects import KubernetesJob, TaskCronJob, TaskPod, TaskState
from jvscheduler_server.kubernetes.cron_jobs import to_task_cron_job
from jvscheduler_server.kubernetes.informer import Resource, Source, Watched
from jvscheduler_server.kubernetes.jobs import to_kubernetes_job
from jvscheduler_server.kubernetes.pods import remember, to_task_pod
from jvscheduler_server.kubernetes.tasks import to_task_state

PODS: Final = Resource("/api/v1/pods", to_task_pod, names.TASK_LABEL, remember)
JOBS: Final = Resource("/apis/batch/v1/jobs", to_kubernetes_job, names.TASK_LABEL)
CRON_JOBS: Final = Resource("/apis/batch/v1/cronjobs", to_task_cron_job, names.TASK_LABEL)
TASKS: Final = Resource(f"/apis/{names.API_VERSION}/{names.PLURAL}", to_task_state)

MAX_DEPARTED: Final = 20_000

T = TypeVar("T")

_log = logging.getLogger(__name__)


class KubernetesCluster:
    """Follows the API server from `start` to `stop`."""

    backend = "kubernetes"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._change = asyncio.Event()
        self._departed: dict[str, TaskPod] = {}
        self._pods = self._watched(PODS, self._pod_gone)
        self._jobs = self._watched(JOBS, _ignore)
        self._cron_jobs = self._watched(CRON_JOBS, _ignore)
        self._tasks = self._watched(TASKS, _ignore)
        self._all = (self._pods, self._jobs, self._cron_jobs, self._tasks)
        self._running: list[asyncio.Task[None]] = []

    @property
    def synced(self) -> bool:
        return all(watched.synced for watched in self._all)

    async def start(self) -> None:
        self._running = [asyncio.create_task(watched.run()) for watched in self._all]

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []

    def pods(self) -> Sequence[TaskPod]:
        return self._pods.items()

    def jobs(self) -> Sequence[KubernetesJob]:
        return self._jobs.items()

    def cron_jobs(self) -> Sequence[TaskCronJob]:
        return self._cron_jobs.items()

    def tasks(self) -> Sequence[TaskState]:
        return self._tasks.items()

    def departed(self) -> Sequence[TaskPod]:
        return tuple(self._departed.values())

    def forget(self, pods: Iterable[TaskPod]) -> None:
        for pod in pods:
            self._departed.pop(pod.uid, None)

    async def changed(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._change.wait()
        except TimeoutError:
            return
        self._change.clear()

    def _watched(self, resource: Resource[T], gone: Callable[[T, bool], None]) -> Watched[T]:
        backoff = Backoff(first=0.5, longest=30)
        return Watched(self._source, resource, self._change.set, gone, backoff)

    def _pod_gone(self, pod: TaskPod, vanished: bool) -> None:
        self._departed[pod.uid] = replace(pod, deleted=True, vanished=vanished)
        while len(self._departed) > MAX_DEPARTED:
            uid, oldest = next(iter(self._departed.items()))
            del self._departed[uid]
            _log.error("too much to record: what became of pod %s is lost", oldest.name)


def _ignore(_: object, __: bool) -> None:
    """Only pods tell something by their end."""
