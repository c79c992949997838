"""A Kubernetes pod in our words.

Pure: a dict as the API server sends it → `TaskPod`. Of a pod's many states one
reason is told, the most specific one: why the whole pod failed (`Evicted`), why
its container ended (`OOMKilled`), what it waits for (`ErrImagePull`), or why no
node takes it (`Unschedulable`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jvscheduler import environment, names
from jvscheduler.outcomes import Outcome, from_message
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.kubernetes.times import parse_time

Json = Mapping[str, Any]

ENDED = ("Succeeded", "Failed")


def to_task_pod(pod: Json) -> TaskPod | None:
    """None for a pod that no Job of a task made. Raises KeyError or ValueError for no pod."""
    identity = _identity(pod)
    if identity is None:
        return None
    status = pod.get("status", {})
    container = _task_container(status.get("containerStatuses", ()))
    terminated = container.get("state", {}).get("terminated", {})
    told = _told(status, container)
    return TaskPod(
        **vars(identity),
        uid=pod["metadata"]["uid"],
        created_time=datetime.fromisoformat(pod["metadata"]["creationTimestamp"]),
        deletion_time=_deletion_time(pod["metadata"]),
        phase=status.get("phase", "Unknown"),
        node=pod.get("spec", {}).get("nodeName"),
        restarts=container.get("restartCount", 0),
        retry_count=_retry_count(pod),
        reason=told.reason,
        message=told.message,
        started=_started(container),
        finished=bool(terminated) or status.get("phase") in ENDED,
        start_time=_start_time(status, container),
        completion_time=parse_time(terminated.get("finishedAt")),
        exit_code=terminated.get("exitCode"),
        disrupted=_disrupted(status),
        reported=_reported(terminated, identity.job_id),
    )


def remember(old: TaskPod, new: TaskPod) -> TaskPod:
    """The first time of deletion is when it was asked for: the kubelet, which deletes the pod
    for good when its containers have ended, overwrites it."""
    return replace(new, deletion_time=old.deletion_time) if old.deletion_time else new


@dataclass(frozen=True)
class _Identity:
    name: str
    namespace: str
    task_id: str
    task_name: str
    job_name: str
    job_id: str
    scheduled_time: datetime | None


def _identity(pod: Json) -> _Identity | None:
    metadata = pod["metadata"]
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    job_name = labels.get(names.JOB_NAME_LABEL)
    task_name = labels.get(names.TASK_LABEL)
    task_id = annotations.get(names.TASK_ID_ANNOTATION)
    if not (job_name and task_name and task_id):
        return None
    namespace = metadata["namespace"]
    due = names.scheduled_time_of(job_name, task_name)
    job_id = (
        names.scheduled_job_id(namespace, task_id, due)
        if due
        else names.manual_job_id(namespace, task_id, job_name)
    )
    return _Identity(metadata["name"], namespace, task_id, task_name, job_name, job_id, due)


def _task_container(items: Iterable[Json]) -> Json:
    return next((item for item in items if item["name"] == names.TASK_CONTAINER), {})


def _retry_count(pod: Json) -> int:
    container = _task_container(pod.get("spec", {}).get("containers", ()))
    values = {item["name"]: item.get("value") for item in container.get("env", ())}
    text = values.get(environment.RETRY_COUNT) or "0"
    return int(text) if text.isdecimal() else 0


def _started(container: Json) -> bool:
    state = container.get("state", {})
    return "running" in state or "terminated" in state


def _start_time(status: Json, container: Json) -> datetime | None:
    state = container.get("state", {})
    for part in (state.get("terminated", {}), state.get("running", {})):
        if part.get("startedAt"):
            return parse_time(part["startedAt"])
    return parse_time(status.get("startTime"))


def _deletion_time(metadata: Json) -> datetime | None:
    """When deletion was asked for; Kubernetes writes when its grace ends."""
    grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
    end = parse_time(metadata.get("deletionTimestamp"))
    return end - grace if end else None


def _reported(terminated: Json, job_id: str) -> Outcome | None:
    """What the runner left, unless it is unreadable or speaks of another job."""
    try:
        outcome = from_message(terminated.get("message") or "")
    except ValueError:
        return None
    return outcome if outcome.job_id == job_id and outcome.status.is_final else None


def _disrupted(status: Json) -> str | None:
    condition = _condition(status, "DisruptionTarget")
    if condition.get("status") != "True":
        return None
    told = condition.get("message") or condition.get("reason") or "the pod was disrupted"
    return str(told)


@dataclass(frozen=True)
class _Told:
    reason: str | None
    message: str | None


def _told(status: Json, container: Json) -> _Told:
    """The first that has something to tell, the most specific first."""
    state = container.get("state", {})
    for part in (
        status,
        _without_outcome(state.get("terminated", {})),
        state.get("waiting", {}),
        *_init_failures(status),
        _unscheduled(status),
    ):
        if part.get("reason"):
            return _Told(part["reason"], part.get("message"))
    return _Told(None, None)


def _without_outcome(terminated: Json) -> Json:
    """A termination message that is an outcome is told as such, not as text."""
    try:
        from_message(terminated.get("message") or "")
    except ValueError:
        return terminated
    return {**terminated, "message": None}


def _init_failures(status: Json) -> list[Json]:
    states = [item.get("state", {}) for item in status.get("initContainerStatuses", ())]
    ended = [state["terminated"] for state in states if "terminated" in state]
    waiting = [state["waiting"] for state in states if "waiting" in state]
    return [part for part in ended if part.get("exitCode")] + waiting


def _unscheduled(status: Json) -> Json:
    condition = _condition(status, "PodScheduled")
    return condition if condition.get("status") == "False" else {}


def _condition(status: Json, kind: str) -> Json:
    return next((item for item in status.get("conditions", ()) if item["type"] == kind), {})
