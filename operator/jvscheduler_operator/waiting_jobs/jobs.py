"""A Job of a task, as it and its pods show whether it has started. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jvscheduler import names
from jvscheduler_operator.objects.manifests import Manifest, is_being_deleted
from jvscheduler_operator.objects.pods import problem_of

_ENDED: Final = ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")
"""Conditions of a Job that makes no more pods."""


@dataclass(frozen=True)
class WaitingJob:
    name: str
    scheduled_time: datetime
    version: str
    """The resource version that was seen."""
    wait: str
    """The reason why it waits, as text for an Event and a log line."""


def waiting_jobs(
    task_name: str, jobs: Iterable[Manifest], pods: Sequence[Manifest]
) -> list[WaitingJob]:
    """Return the Jobs that wait to start, the oldest first."""
    found = (_waiting_job(task_name, job, _pods_of(job, pods)) for job in jobs)
    waiting = [job for job in found if job is not None]
    return sorted(waiting, key=lambda job: (job.scheduled_time, job.name))


def _waiting_job(task_name: str, job: Manifest, pods: Sequence[Manifest]) -> WaitingJob | None:
    metadata = job["metadata"]
    # A Job that was started by hand has no instant. Nobody but its user gives it up.
    scheduled_time = names.scheduled_time_of(metadata["name"], task_name)
    if scheduled_time is None or _is_over(job) or _may_have_run(job, pods):
        return None
    version = metadata["resourceVersion"]
    return WaitingJob(metadata["name"], scheduled_time, version, _wait(pods))


def _is_over(job: Manifest) -> bool:
    if is_being_deleted(job) or names.GIVEN_UP_ANNOTATION in job["metadata"].get("annotations", {}):
        return True
    # Something else decides when a suspended Job goes on, such as a queue.
    if job.get("spec", {}).get("suspend"):
        return True
    conditions = job.get("status", {}).get("conditions", [])
    return any(c["type"] in _ENDED and c["status"] == "True" for c in conditions)


def _may_have_run(job: Manifest, pods: Sequence[Manifest]) -> bool:
    status = job.get("status", {})
    if status.get("succeeded") or any(_has_started(pod) for pod in pods):
        return True
    # A pod that failed and is gone may have run.
    failed = [pod for pod in pods if pod.get("status", {}).get("phase") == "Failed"]
    return bool(status.get("failed", 0) > len(failed))


def _has_started(pod: Manifest) -> bool:
    status = pod.get("status", {})
    if status.get("phase") in ("Succeeded", "Unknown"):
        return True
    states = [
        container.get("state", {})
        for container in status.get("containerStatuses", [])
        if container["name"] == names.TASK_CONTAINER
    ]
    return any("running" in s or s.get("terminated", {}).get("startedAt") for s in states)


def _pods_of(job: Manifest, pods: Sequence[Manifest]) -> list[Manifest]:
    # By name: all of them have the task's label, and one Job's pods have its name.
    name = job["metadata"]["name"]
    return [pod for pod in pods if pod["metadata"]["labels"].get(names.JOB_NAME_LABEL) == name]


def _wait(pods: Sequence[Manifest]) -> str:
    if not pods:
        return "it has no pod"
    newest = max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    problem = problem_of(newest)
    text = f"its pod {newest['metadata']['name']} has not started"
    return f"{text}: {problem.message}" if problem else text
