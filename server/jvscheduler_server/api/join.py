"""Records joined with pods. Pure.

The record says how the job ended. The pod says where it runs and what Kubernetes reports of
it. A pod whose runner has not claimed its job yet (its image is being pulled, or no node has
room) is shown as a `pending` job: so a job shows from its due instant on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import Position, place_at, place_of
from jvscheduler.outcomes import Status
from jvscheduler_server.api.job_answers import JobSummary, build_summary
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.cluster.waits import wait_of_pod


def join(
    records: Sequence[ScheduledJob],
    pods: Iterable[TaskPod],
    unclaimed: Sequence[TaskPod],
    limit: int,
) -> list[JobSummary]:
    """Return the newest first, at most `limit`."""
    pod_by_job = newest_by_job(pods)
    jobs = [build_summary(record, pod_by_job.get(record.id)) for record in records]
    # Cut before building: while no node has room there may be thousands of pods.
    newest = sorted(unclaimed, key=place_of_pod)[:limit]
    jobs += [build_summary(pending_record(pod), pod) for pod in newest]
    jobs.sort(key=lambda job: place_at(job.execution_time, job.id))
    return jobs[:limit]


def unclaimed_between(
    pods: Iterable[TaskPod], after: Position | None, until: Position | None
) -> list[TaskPod]:
    """Return the pods whose place in the list is on the page between these positions."""
    return [
        pod
        for pod in pods
        if not (after and after.execution_time) or place_of_pod(pod) > place_of(after)
        if until is None or (until.execution_time and place_of_pod(pod) < place_of(until))
    ]


def place_of_pod(pod: TaskPod) -> tuple[float, str]:
    return place_at(due_time(pod), pod.job.id)


def unclaimed_pods(
    pods: Iterable[TaskPod], recorded_ids: Collection[str], since: datetime
) -> list[TaskPod]:
    """Return the newest pod of each job that was due after `since` and has no record yet."""
    return [
        pod
        for pod in newest_by_job(pods).values()
        if not pod.finished and pod.job.id not in recorded_ids and due_time(pod) >= since
    ]


def newest_by_job(pods: Iterable[TaskPod]) -> Mapping[str, TaskPod]:
    newest: dict[str, TaskPod] = {}
    for pod in pods:
        other = newest.get(pod.job.id)
        if other is None or (other.created_time, other.name) < (pod.created_time, pod.name):
            newest[pod.job.id] = pod
    return newest


def due_time(pod: TaskPod) -> datetime:
    """Return the due instant. A job started by hand has none and is due when it is created."""
    return pod.job.scheduled_time or pod.created_time


def pending_record(pod: TaskPod) -> ScheduledJob:
    wait = wait_of_pod(pod)
    return ScheduledJob(
        id=pod.job.id,
        job_name=pod.job.task_id,
        namespace=pod.namespace,
        status=Status.PENDING,
        reason=wait.label,
        error_message=wait.message if wait.is_trouble else None,
        scheduled_time=pod.job.scheduled_time,
        execution_time=due_time(pod),
        retry_count=pod.retry_count,
        kubernetes_job=pod.job.name,
    )
