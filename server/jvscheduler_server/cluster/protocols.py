"""How the API and the repair read the cluster."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from jvscheduler_server.cluster.objects import KubernetesJob, TaskCronJob, TaskPod, TaskState


class Cluster(Protocol):
    """Where tasks run. `backend` is `kubernetes` or `local`, as the API's status shows it."""

    @property
    def backend(self) -> str: ...

    @property
    def synced(self) -> bool:
        """Whether everything that exists is known; before, absence means nothing."""

    async def start(self) -> None:
        """Begin to watch; returns at once."""

    async def stop(self) -> None:
        """End the watch and let go of every connection."""

    def pods(self) -> Sequence[TaskPod]:
        """Pods that exist."""

    def tasks(self) -> Sequence[TaskState]:
        """Tasks that exist."""


class WatchedCluster(Cluster, Protocol):
    """A cluster whose pods end without `jvscheduler dev` watching over them."""

    def jobs(self) -> Sequence[KubernetesJob]:
        """Jobs of tasks that exist."""

    def cron_jobs(self) -> Sequence[TaskCronJob]:
        """CronJobs of tasks that exist."""

    def departed(self) -> Sequence[TaskPod]:
        """Pods that are gone and not yet forgotten."""

    def forget(self, pods: Iterable[TaskPod]) -> None:
        """The history has what these departed pods told."""

    async def changed(self, seconds: float) -> None:
        """Wait for a change since the last call, at most so long."""
