"""Reads from the cluster how far each job is: what its Job, its pods and Events say together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from jvscheduler_server.cluster.objects import KubernetesJob, StartFailure, TaskPod
from jvscheduler_server.cluster.protocols import WatchedCluster
from jvscheduler_server.cluster.waits import Wait, wait_of_job, wait_of_pod
from jvscheduler_server.repair.unstarted_jobs.decide import JobState

Failures = Mapping[tuple[str, str], StartFailure]
"""The newest Event about an object, by namespace and uid. An Event of another namespace is
nobody's proof: who writes there may name any uid."""


def read_states(cluster: WatchedCluster) -> Mapping[str, JobState]:
    """Return the state of each job that has a Job or a pod, by its id."""
    pods: dict[str, list[TaskPod]] = defaultdict(list)
    for pod in [*cluster.deleted_pods(), *cluster.pods()]:
        pods[pod.job.id].append(pod)
    jobs = {job.identity.id: job for job in cluster.jobs() if job.identity is not None}
    failures = _newest(cluster.start_failures())
    return {
        job_id: _state(jobs.get(job_id), pods.get(job_id, ()), failures)
        for job_id in [*jobs, *(job_id for job_id in pods if job_id not in jobs)]
    }


def _state(job: KubernetesJob | None, pods: Sequence[TaskPod], failures: Failures) -> JobState:
    identity = job.identity if job and job.identity else pods[0].job
    times = [pod.created_time for pod in pods]
    if job is not None and job.created_time is not None:
        times.append(job.created_time)
    return JobState(
        identity=identity,
        namespace=job.namespace if job else pods[0].namespace,
        created_time=min(times),
        retry_count=job.retry_count if job else pods[0].retry_count,
        is_active=(job is not None and not job.finished) or any(map(_is_active, pods)),
        has_run=any(not pod.never_started for pod in pods) or (job is not None and job.completed),
        may_have_run=job is not None and _may_have_run(job, pods),
        wait=_wait(job, pods, failures),
        given_up=job.given_up if job else None,
    )


def _may_have_run(job: KubernetesJob, pods: Sequence[TaskPod]) -> bool:
    # The operator gives up only what has not started, and Kubernetes counts its pods as failed.
    return job.finished and not pods and job.failed_pods > 0 and job.given_up is None


def _wait(job: KubernetesJob | None, pods: Sequence[TaskPod], failures: Failures) -> Wait | None:
    newest = max(pods, key=lambda pod: (_is_active(pod), pod.created_time, pod.name), default=None)
    failure = failures.get((job.namespace, job.uid)) if job else None
    if job is not None and failure is not None and not (newest and _is_active(newest)):
        return wait_of_job(job.name, failure)
    if newest is not None:
        return wait_of_pod(newest, failures.get((newest.namespace, newest.uid)))
    return None


def _is_active(pod: TaskPod) -> bool:
    return not (pod.finished or pod.deleted)


def _newest(failures: Sequence[StartFailure]) -> Failures:
    by_time = sorted(failures, key=lambda failure: failure.last_time)
    return {(failure.namespace, failure.object_uid): failure for failure in by_time}
