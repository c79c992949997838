"""A Job of a task, as it and its pods show whether it has started. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jvscheduler import names
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest, is_being_deleted
from jvscheduler_operator.objects.pods import is_waiting_in_silence, newest, problem_of

_NEVER: Final = (None, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z")
"""The start, as container runtimes have it, of a container that could not be started."""

_ADDED_LABEL: Final = re.compile(r"(?:batch\.kubernetes\.io/)?(?:controller-uid|job-name)")

_ENDED: Final = ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")
"""Conditions of a Job that makes no more pods."""


@dataclass(frozen=True)
class WaitingJob:
    name: str
    scheduled_time: datetime
    since: datetime
    """Its due instant; for a retry, when its pod was made."""
    version: str
    """The resource version that was seen."""
    wait: str
    """The reason why it waits, as text for an Event and a log line."""
    silent: Manifest | None = None
    """The Job without a pod, or its pod, when only the Events about it say why it waits."""
    is_of_former_template: bool = False
    """True when the task's pod template was edited since the Job was made."""


def waiting_jobs(
    cron_job: Manifest, jobs: Iterable[Manifest], pods: Sequence[Manifest]
) -> list[WaitingJob]:
    """Return the CronJob's Jobs that wait to start, the oldest first."""
    found = (_waiting_job(cron_job, job, _pods_of(job, pods)) for job in jobs)
    waiting = [job for job in found if job is not None]
    return sorted(waiting, key=lambda job: (job.scheduled_time, job.name))


def _waiting_job(cron_job: Manifest, job: Manifest, pods: Sequence[Manifest]) -> WaitingJob | None:
    metadata = job["metadata"]
    # A Job that was started by hand has no instant. Nobody but its user gives it up.
    scheduled_time = names.scheduled_time_of(metadata["name"], cron_job["metadata"]["name"])
    if scheduled_time is None or _is_over(job):
        return None
    pod, since = newest(pods), scheduled_time
    if _may_have_run(job, pods):
        if pod is None or not _is_waiting(pod):
            return None
        # A retry: an earlier attempt has run, and was not late.
        since = times.parse(pod["metadata"]["creationTimestamp"])
    return WaitingJob(
        name=metadata["name"],
        scheduled_time=scheduled_time,
        since=since,
        version=metadata["resourceVersion"],
        wait=_wait(pod),
        silent=_silent(job, pod),
        is_of_former_template=not _is_of_template(job, cron_job),
    )


def _is_of_template(job: Manifest, cron_job: Manifest) -> bool:
    """True when the Job's pods are those that the CronJob asks for now."""
    copy, template = job["spec"]["template"], cron_job["spec"]["jobTemplate"]["spec"]["template"]
    return _without_added_labels(copy) == _without_added_labels(template)


def _without_added_labels(template: Manifest) -> Manifest:
    """The pods that a template asks for, without what Kubernetes adds to a Job's copy of it."""
    metadata = template.get("metadata", {})
    labels = metadata.get("labels", {}).items()
    return {
        "spec": template["spec"],
        "annotations": metadata.get("annotations", {}),
        "labels": {key: value for key, value in labels if not _ADDED_LABEL.fullmatch(key)},
    }


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


def _is_waiting(pod: Manifest) -> bool:
    return pod.get("status", {}).get("phase") == "Pending" and not _has_started(pod)


def _has_started(pod: Manifest) -> bool:
    status = pod.get("status", {})
    if status.get("phase") in ("Succeeded", "Unknown"):
        return True
    states = [
        container.get("state", {})
        for container in status.get("containerStatuses", [])
        if container["name"] == names.TASK_CONTAINER
    ]
    return any(
        "running" in s or s.get("terminated", {}).get("startedAt") not in _NEVER for s in states
    )


def _pods_of(job: Manifest, pods: Sequence[Manifest]) -> list[Manifest]:
    # By name: all of them have the task's label, and one Job's pods have its name.
    name = job["metadata"]["name"]
    return [
        pod for pod in pods if pod["metadata"].get("labels", {}).get(names.JOB_NAME_LABEL) == name
    ]


def _wait(pod: Manifest | None) -> str:
    if pod is None:
        return "it has no pod"
    problem = problem_of(pod)
    text = f"its pod {pod['metadata']['name']} has not started"
    return f"{text}: {problem.message}" if problem else text


def _silent(job: Manifest, pod: Manifest | None) -> Manifest | None:
    if pod is None:
        return job
    return pod if is_waiting_in_silence(pod) else None
