"""Arranges the cluster's pods and Jobs of one moment, so that a job's are found at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jvscheduler_server.cluster.objects import KubernetesJob, NamespacedName, TaskPod


@dataclass(frozen=True)
class ClusterSnapshot:
    """The tasks' pods and Jobs at one moment, and since when the history answers."""

    pods: Mapping[NamespacedName, TaskPod]
    jobs: Mapping[NamespacedName, KubernetesJob]
    abandoned_jobs: Collection[NamespacedName]
    """Jobs that were deleted before they ended."""
    active_job_ids: frozenset[str]
    """Ids of the jobs that have a pod which has not ended."""
    time: datetime
    history_available_since: datetime
    """The history has answered from then on, so a loop could write its heartbeats."""
    open_pods: frozenset[NamespacedName] = frozenset()
    """Pods that are there, and are not known to be of their job yet: they end nothing."""


def take_snapshot(
    pods: Sequence[TaskPod],
    jobs: Iterable[KubernetesJob],
    time: datetime,
    history_available_since: datetime,
    abandoned_jobs: Collection[NamespacedName] = (),
) -> ClusterSnapshot:
    """Arrange these. When two pods have one name, the later one in `pods` counts."""
    active = (pod.job.id for pod in pods if not (pod.finished or pod.deleted))
    return ClusterSnapshot(
        pods={(pod.namespace, pod.name): pod for pod in pods},
        jobs={(job.namespace, job.name): job for job in jobs},
        abandoned_jobs=abandoned_jobs,
        active_job_ids=frozenset(active),
        time=time,
        history_available_since=history_available_since,
    )


def with_open_pods(snapshot: ClusterSnapshot, pods: Iterable[TaskPod]) -> ClusterSnapshot:
    """Add pods that are not known to be of their job yet. Who waits for a sign of life waits on."""
    running = [pod for pod in pods if not pod.deleted]
    active = frozenset(pod.job.id for pod in running if not pod.finished)
    return replace(
        snapshot,
        active_job_ids=snapshot.active_job_ids | active,
        open_pods=frozenset((pod.namespace, pod.name) for pod in running),
    )
