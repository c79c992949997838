"""The cluster as informers see it: pods, Jobs and CronJobs of tasks, ScheduledTasks, and Events.

The API server selects the first three by label, in all namespaces. Events have no labels: those
of two reasons are watched, which say what a CronJob, a Job or a pod waits for.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from jvscheduler import names
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.objects import (
    KubernetesJob,
    NamespacedName,
    StartFailure,
    TaskCronJob,
    TaskPod,
    TaskState,
)
from jvscheduler_server.kubernetes.events import to_start_failure
from jvscheduler_server.kubernetes.informer import ApiServer, Informer, Resource
from jvscheduler_server.kubernetes.informer_groups import InformerGroup, in_namespaces
from jvscheduler_server.kubernetes.jobs import keep_earlier, to_kubernetes_job, to_task_cron_job
from jvscheduler_server.kubernetes.pods import keep_facts, to_task_pod
from jvscheduler_server.kubernetes.tasks import to_task_state

PODS: Final = Resource(
    "/api/v1/pods",
    to_task_pod,
    names.TASK_LABEL,
    carry_over=keep_facts,
    problem=lambda pod: pod.refusal,
)
JOBS: Final = Resource("/apis/batch/v1/jobs", to_kubernetes_job, names.TASK_LABEL)
CRON_JOBS: Final = Resource(
    "/apis/batch/v1/cronjobs", to_task_cron_job, names.TASK_LABEL, keep_earlier
)
TASKS: Final = Resource(f"/apis/{names.API_VERSION}/{names.PLURAL}", to_task_state)
FAILED_JOBS: Final = Resource(
    "/api/v1/events",
    to_start_failure,
    field_selector="involvedObject.kind=CronJob,reason=FailedCreate",
)
FAILED_CREATES: Final = Resource(
    "/api/v1/events",
    to_start_failure,
    field_selector="involvedObject.kind=Job,reason=FailedCreate",
)
FAILED_MOUNTS: Final = Resource(
    "/api/v1/events",
    to_start_failure,
    field_selector="involvedObject.kind=Pod,reason=FailedMount",
)

MAX_ABANDONED_JOBS: Final = 1_000
"""Deleted Jobs that are kept at most. An older one is found by its silence, a minute later."""

MAX_DELETED_PODS: Final = 20_000
"""Deleted pods that are kept at most. Without a limit, a long absence of the history would
exhaust the memory."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class WatchedKubernetesCluster:
    """Follows the API server from `start` to `stop`.

    It keeps each deleted pod, as it was last seen, until `forget`: a pod may be deleted before
    the history has its outcome.
    """

    backend = "kubernetes"

    def __init__(self, api_server: ApiServer, namespaces: Sequence[str] = ()) -> None:
        """No namespaces stand for all."""
        self._api_server = api_server
        self._namespaces = namespaces
        self._change = asyncio.Event()
        self._deleted_pods: dict[str, TaskPod] = {}
        """Pods that were deleted, by uid, the oldest first."""
        self._pods = self._informer(PODS, self._keep_deleted)
        self._abandoned_jobs: dict[NamespacedName, None] = {}
        """The oldest first."""
        self._jobs = self._informer(JOBS, self._note_deleted_job)
        self._cron_jobs = self._informer(CRON_JOBS, _ignore)
        self._tasks = self._informer(TASKS, _ignore)
        self._informers = (self._pods, self._jobs, self._cron_jobs, self._tasks)
        self._events = (
            self._informer(FAILED_JOBS, _ignore),
            self._informer(FAILED_CREATES, _ignore),
            self._informer(FAILED_MOUNTS, _ignore),
        )
        self._running: list[asyncio.Task[None]] = []

    @property
    def synced(self) -> bool:
        # Without Events, records are less exact, but true. A server that may not watch them
        # must not stop repairing.
        return all(informer.synced for informer in self._informers)

    @property
    def set_aside(self) -> int:
        return sum(informer.set_aside for informer in (*self._informers, *self._events))

    async def start(self) -> None:
        informers = (*self._informers, *self._events)
        self._running = [asyncio.create_task(informer.run()) for informer in informers]

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []

    def pods(self) -> Sequence[TaskPod]:
        return self._pods.items()

    def jobs(self) -> Sequence[KubernetesJob]:
        return self._jobs.items()

    def abandoned_jobs(self) -> Collection[NamespacedName]:
        return self._abandoned_jobs.keys()

    def cron_jobs(self) -> Sequence[TaskCronJob]:
        return self._cron_jobs.items()

    def tasks(self) -> Sequence[TaskState]:
        return self._tasks.items()

    def start_failures(self) -> Sequence[StartFailure]:
        return [failure for informer in self._events for failure in informer.items()]

    def deleted_pods(self) -> Sequence[TaskPod]:
        return tuple(self._deleted_pods.values())

    def forget(self, pods: Iterable[TaskPod]) -> None:
        for pod in pods:
            self._deleted_pods.pop(pod.uid, None)

    async def changed(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._change.wait()
        except TimeoutError:
            return
        self._change.clear()

    def _informer(
        self, resource: Resource[T], on_delete: Callable[[T, bool], None]
    ) -> InformerGroup[T]:
        return InformerGroup(
            [
                Informer(
                    self._api_server,
                    scoped,
                    self._change.set,
                    on_delete,
                    Backoff(first=0.5, longest=30),
                )
                for scoped in in_namespaces(resource, self._namespaces)
            ]
        )

    def _note_deleted_job(self, job: KubernetesJob, vanished: bool) -> None:
        if vanished or job.completed or job.failed:
            return
        self._abandoned_jobs[job.namespace, job.name] = None
        if len(self._abandoned_jobs) > MAX_ABANDONED_JOBS:
            del self._abandoned_jobs[next(iter(self._abandoned_jobs))]

    def _keep_deleted(self, pod: TaskPod, vanished: bool) -> None:
        self._deleted_pods[pod.uid] = replace(pod, deleted=True, vanished=vanished)
        while len(self._deleted_pods) > MAX_DELETED_PODS:
            uid, oldest = next(iter(self._deleted_pods.items()))
            del self._deleted_pods[uid]
            _log.error(
                "too many deleted pods wait for the history: the outcome of pod %s is lost",
                oldest.name,
            )


def _ignore(_: object, __: bool) -> None:
    """The deletion of a CronJob or a task says nothing about an attempt."""
