"""How the API and the repair read the cluster.

Every read is answered from memory: a request to our API never waits for the API server.
`WatchedKubernetesCluster` keeps that memory up to date by watching. `LocalCluster` has no pods.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from jvscheduler_server.cluster.objects import (
    KubernetesJob,
    NamespacedName,
    StartFailure,
    TaskCronJob,
    TaskPod,
    TaskState,
)


class Cluster(Protocol):
    """Where tasks run, as the API shows it."""

    @property
    def backend(self) -> str:
        """`kubernetes` or `local`, as in the API's status."""

    @property
    def synced(self) -> bool:
        """True when everything that exists is known.

        While it is False, a missing object proves nothing: its list has not arrived yet.
        """

    @property
    def missing_namespaces(self) -> Collection[str]:
        """The namespaces that are to be watched, and do not exist."""

    async def start(self) -> None:
        """Begin to watch. Returns at once."""

    async def stop(self) -> None:
        """End the watch and close every connection."""

    def pods(self) -> Sequence[TaskPod]:
        """Return the pods that exist."""

    def tasks(self) -> Sequence[TaskState]:
        """Return the tasks that exist."""


class WatchedCluster(Cluster, Protocol):
    """A cluster whose pods may end without a record, so that the repair needs it."""

    def jobs(self) -> Sequence[KubernetesJob]:
        """Return the tasks' Jobs that exist."""

    def open_pods(self) -> Sequence[TaskPod]:
        """Return the pods whose Job, or what made that, is not known yet.

        They prove nothing, but that they exist: only that nothing ran, they refute.
        """

    def open_jobs(self) -> Sequence[KubernetesJob]:
        """Return the Jobs whose CronJob or task is not known yet. See `open_pods`."""

    def abandoned_jobs(self) -> Collection[NamespacedName]:
        """Return the Jobs that were deleted before they ended, as far as that was seen."""

    def cron_jobs(self) -> Sequence[TaskCronJob]:
        """Return the tasks' CronJobs that exist, and whose task is known."""

    def start_failures(self) -> Sequence[StartFailure]:
        """Return what Events say about CronJobs that cannot make Jobs, Jobs that cannot make pods,
        and pods that wait for a volume.

        They are a help, no proof: Kubernetes keeps an Event for an hour, and may drop it.
        """

    def deleted_pods(self) -> Sequence[TaskPod]:
        """Return the pods that no longer exist and were not yet forgotten."""

    def forget(self, pods: Iterable[TaskPod]) -> None:
        """Drop these deleted pods: the history has their outcomes."""

    async def changed(self, seconds: float) -> None:
        """Wait until something changes, at most this long.

        Returns at once when something has changed since the last call.
        """


class StatusApi(Protocol):
    """All that the server writes to the cluster: the status of tasks, and Events about them.

    Each call is one request and may be repeated. It raises a SchedulerError when the API server
    refuses it or does not answer.
    """

    async def apply_task_status(self, task: TaskState, status: Mapping[str, Any]) -> None:
        """Server-side apply: fields of the last apply that are not in this one are removed."""

    async def create_event(self, task: TaskState, event: Mapping[str, Any]) -> None:
        """Post an Event about the task. The caller says type, reason, message and times."""
