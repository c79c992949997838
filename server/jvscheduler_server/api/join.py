"""Records joined with pods: what a user asks for when asking what happened.

Pure. The record says what the job came to, the pod where it is and what
Kubernetes thinks of it. A pod that is gone leaves what the record remembers; a
pod whose runner has not claimed its job yet (the image is being pulled, no node
has room) appears as a `pending` job, so that a job shows from its due instant on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Status
from jvscheduler_server.cluster.objects import TaskPod


@dataclass(frozen=True)
class PodView:
    """A job's newest pod. Without a phase it is gone, and this is what the record knows."""

    name: str
    namespace: str
    phase: str | None = None
    node: str | None = None
    restarts: int | None = None
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class JobView:
    """A job's facts by the names of its record, and its pod."""

    facts: Mapping[str, Any]
    pod: PodView | None


FACTS = (
    "id",
    "job_name",
    "namespace",
    "status",
    "reason",
    "scheduled_time",
    "last_scheduled_time",
    "instants",
    "execution_time",
    "completed_at",
    "duration_seconds",
    "error_message",
    "traceback",
    "result",
    "metadata",
    "attempts",
    "retry_count",
    "kubernetes_job",
    "loop",
    "log_tail",
    "peak_memory_bytes",
    "cpu_seconds",
)


def join(
    records: Sequence[ScheduledJob],
    pods: Iterable[TaskPod],
    unclaimed: Sequence[TaskPod],
    limit: int,
) -> list[JobView]:
    """Newest first, at most `limit`."""
    by_job = newest_by_job(pods)
    views = [_of_record(record, by_job.get(record.id)) for record in records]
    views += [_of_pod(pod) for pod in unclaimed]
    views.sort(key=lambda view: (view.facts["execution_time"], view.facts["id"]), reverse=True)
    return views[:limit]


def unclaimed_pods(
    pods: Iterable[TaskPod], known_ids: Collection[str], since: datetime
) -> list[TaskPod]:
    """The newest pod of each job that has begun to exist and has no record yet."""
    return [
        pod
        for pod in newest_by_job(pods).values()
        if not pod.finished and pod.job_id not in known_ids and due_time(pod) >= since
    ]


def newest_by_job(pods: Iterable[TaskPod]) -> Mapping[str, TaskPod]:
    newest: dict[str, TaskPod] = {}
    for pod in pods:
        other = newest.get(pod.job_id)
        if other is None or (other.created_time, other.name) < (pod.created_time, pod.name):
            newest[pod.job_id] = pod
    return newest


def due_time(pod: TaskPod) -> datetime:
    return pod.scheduled_time or pod.created_time


def _of_record(record: ScheduledJob, pod: TaskPod | None) -> JobView:
    facts = {name: getattr(record, name) for name in FACTS}
    return JobView(facts, _view(pod) if pod else _remembered(record))


def _of_pod(pod: TaskPod) -> JobView:
    facts: dict[str, Any] = dict.fromkeys(FACTS)
    facts |= {
        "id": pod.job_id,
        "job_name": pod.task_id,
        "namespace": pod.namespace,
        "status": Status.PENDING,
        "reason": pod.reason,
        "scheduled_time": pod.scheduled_time,
        "instants": 1,
        "execution_time": due_time(pod),
        "attempts": [],
        "metadata": {},
        "retry_count": pod.retry_count,
        "kubernetes_job": pod.job_name,
    }
    return JobView(facts, _view(pod))


def _view(pod: TaskPod) -> PodView:
    return PodView(
        name=pod.name,
        namespace=pod.namespace,
        phase=pod.phase,
        node=pod.node,
        restarts=pod.restarts,
        reason=pod.reason,
        message=pod.message,
    )


def _remembered(record: ScheduledJob) -> PodView | None:
    """A loop's attempts have names, too, and no pods of their own."""
    if not record.pod_name or record.loop:
        return None
    return PodView(name=record.pod_name, namespace=record.namespace, node=record.node_name)
