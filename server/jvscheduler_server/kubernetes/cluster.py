"""The cluster as informers see it: pods, Jobs and CronJobs of tasks, ScheduledTasks, and Events.

The API server selects the first three by label, in all namespaces. Events have no labels: those
of two reasons are watched, which say what a CronJob, a Job or a pod waits for.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from jvscheduler import names
from jvscheduler.edge.missing_namespaces import MissingNamespaces
from jvscheduler.edge.set_aside import SetAside
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
from jvscheduler_server.kubernetes.fields import Json
from jvscheduler_server.kubernetes.informer import ApiServer, Informer, Resource
from jvscheduler_server.kubernetes.informer_groups import InformerGroup, in_namespaces
from jvscheduler_server.kubernetes.jobs import keep_earlier, to_kubernetes_job, to_task_cron_job
from jvscheduler_server.kubernetes.lineage import CRON_JOB, JOB, Lineage, Standing, Verdict
from jvscheduler_server.kubernetes.pods import keep_facts, to_task_pod
from jvscheduler_server.kubernetes.tasks import to_task_state

PODS: Final = Resource(
    "/api/v1/pods",
    to_task_pod,
    names.TASK_LABEL,
    carry_over=keep_facts,
    problem=lambda pod: pod.refusal,
    part="termination messages",
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

MAX_OPEN_PODS: Final = 1_000
"""Deleted pods that are kept at most while their Job is not known."""

PATIENCE: Final = timedelta(minutes=1)
"""A controller comes through its watch within seconds. After this long, its absence is logged."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class WatchedKubernetesCluster:
    """Follows the API server from `start` to `stop`.

    It keeps each deleted pod, as it was last seen, until `forget`: a pod may be deleted before
    the history has its outcome.

    What says that it is of a task, and is not by its controllers, is set aside.
    """

    backend = "kubernetes"

    def __init__(
        self,
        api_server: ApiServer,
        namespaces: Sequence[str] = (),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """No namespaces stand for all."""
        self._api_server = api_server
        self._clock = clock
        self._namespaces = namespaces
        self._missing = MissingNamespaces()
        self._change = asyncio.Event()
        self._deleted_pods: dict[str, TaskPod] = {}
        """Pods that were deleted, by uid, the oldest first."""
        self._open_pods: dict[str, TaskPod] = {}
        """Those of them whose Job is not known, the oldest first."""
        self._own_pods: dict[str, TaskPod] = {}
        """The pods that have been found to be of their task, by uid."""
        self._lineage = Lineage(self._listed_time)
        self._foreign = SetAside("objects with the label of a task", _log.warning)
        self._pods = self._informer(PODS, self._keep_deleted)
        self._abandoned_jobs: dict[NamespacedName, None] = {}
        """The oldest first."""
        self._jobs = self._informer(self._seen(JOB, JOBS), self._note_deleted_job)
        self._cron_jobs = self._informer(self._seen(CRON_JOB, CRON_JOBS), _ignore)
        self._tasks = self._informer(self._seen(names.KIND, TASKS), _ignore)
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
    def missing_namespaces(self) -> Collection[str]:
        return self._missing.names

    async def start(self) -> None:
        informers = (*self._informers, *self._events)
        self._running = [asyncio.create_task(informer.run()) for informer in informers]

    async def stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = []

    def pods(self) -> Sequence[TaskPod]:
        standings = [(pod, self._standing_of_pod(pod)) for pod in self._pods.items()]
        self._own_pods = {pod.uid: pod for pod, found in standings if found is Standing.OWN}
        return tuple(pod for pod, found in standings if found in _OF_TASKS)

    def jobs(self) -> Sequence[KubernetesJob]:
        return tuple(j for j in self._jobs.items() if self._standing_of_job(j) in _OF_TASKS)

    def open_pods(self) -> Sequence[TaskPod]:
        pods = self._pods.items()
        return tuple(pod for pod in pods if self._standing_of_pod(pod) is Standing.OPEN)

    def open_jobs(self) -> Sequence[KubernetesJob]:
        jobs = self._jobs.items()
        return tuple(job for job in jobs if self._standing_of_job(job) is Standing.OPEN)

    def abandoned_jobs(self) -> Collection[NamespacedName]:
        return self._abandoned_jobs.keys()

    def cron_jobs(self) -> Sequence[TaskCronJob]:
        found = self._cron_jobs.items()
        return tuple(item for item in found if self._standing_of_cron_job(item) in _OF_TASKS)

    def tasks(self) -> Sequence[TaskState]:
        return self._tasks.items()

    def start_failures(self) -> Sequence[StartFailure]:
        return [failure for informer in self._events for failure in informer.items()]

    def deleted_pods(self) -> Sequence[TaskPod]:
        for pod in tuple(self._open_pods.values()):
            self._sort_deleted(pod)
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
                for scoped in in_namespaces(resource, self._namespaces, self._missing)
            ]
        )

    def _note_deleted_job(self, job: KubernetesJob, vanished: bool) -> None:
        if vanished or job.completed or job.failed:
            return
        if self._standing_of_job(job) is Standing.FOREIGN:
            return
        self._abandoned_jobs[job.namespace, job.name] = None
        if len(self._abandoned_jobs) > MAX_ABANDONED_JOBS:
            del self._abandoned_jobs[next(iter(self._abandoned_jobs))]

    def _keep_deleted(self, pod: TaskPod, vanished: bool) -> None:
        self._own_pods.pop(pod.uid, None)
        self._sort_deleted(replace(pod, deleted=True, vanished=vanished))

    def _sort_deleted(self, pod: TaskPod) -> None:
        standing = self._standing_of_pod(pod)
        if standing is Standing.OPEN:
            self._open_pods[pod.uid] = pod
            if len(self._open_pods) > MAX_OPEN_PODS:
                del self._open_pods[next(iter(self._open_pods))]
            return
        self._open_pods.pop(pod.uid, None)
        if standing is Standing.FOREIGN:
            return
        self._deleted_pods[pod.uid] = pod
        while len(self._deleted_pods) > MAX_DELETED_PODS:
            uid, oldest = next(iter(self._deleted_pods.items()))
            del self._deleted_pods[uid]
            _log.error(
                "too many deleted pods wait for the history: the outcome of pod %s is lost",
                oldest.name,
            )

    def _seen(self, kind: str, resource: Resource[T]) -> Resource[T]:
        """The resource whose objects the lineage remembers, also those that are being deleted."""

        def convert(item: Json) -> T | None:
            self._lineage.see(kind, item)
            return resource.convert(item)

        return replace(resource, convert=convert)

    def _listed_time(self, kind: str) -> datetime | None:
        groups: Mapping[str, InformerGroup[Any]] = {
            JOB: self._jobs,
            CRON_JOB: self._cron_jobs,
            names.KIND: self._tasks,
        }
        return groups[kind].listed_time

    def _standing_of_pod(self, pod: TaskPod) -> Standing:
        if self._own_pods.get(pod.uid) is pod:
            return Standing.OWN
        verdict = self._lineage.of_pod(pod)
        return self._named(verdict, f"pod {pod.namespace}/{pod.name}", pod.created_time)

    def _standing_of_job(self, job: KubernetesJob) -> Standing:
        verdict = self._lineage.of_job(job)
        return self._named(verdict, f"Job {job.namespace}/{job.name}", job.created_time)

    def _standing_of_cron_job(self, cron_job: TaskCronJob) -> Standing:
        verdict = self._lineage.of_cron_job(cron_job)
        name = f"CronJob {cron_job.namespace}/{cron_job.name}"
        return self._named(verdict, name, cron_job.created_time)

    def _named(self, verdict: Verdict, name: str, created: datetime | None) -> Standing:
        is_late = created is None or self._clock() - created > PATIENCE
        if verdict.standing is Standing.FOREIGN or (verdict.standing is Standing.OPEN and is_late):
            self._foreign.add(name, verdict.problem)
        return verdict.standing


_OF_TASKS: Final = (Standing.OWN, Standing.BELIEVED)


def _ignore(_: object, __: bool) -> None:
    """The deletion of a CronJob or a task says nothing about an attempt."""
