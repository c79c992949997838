"""Converts pods into the server's values."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler import environment, names
from jvscheduler.edge.log_lines import text_of
from jvscheduler_server.cluster.objects import JobIdentity, TaskPod
from jvscheduler_server.kubernetes.fields import Json, condition, is_true, parse_time, small_number
from jvscheduler_server.kubernetes.jobs import job_identity
from jvscheduler_server.kubernetes.lineage import controller_of
from jvscheduler_server.kubernetes.reports import is_outcome, with_report
from jvscheduler_server.kubernetes.shapes import NEVER, POD, Pod, shaped

ENDED_PHASES: Final = ("Succeeded", "Failed")


def to_task_pod(item: Json) -> TaskPod | None:
    """Convert a pod. Raises KeyError or ValueError for an object that is none.

    Returns None for a pod that no Job of a task created.
    """
    pod = shaped(POD, item)
    job = _job(pod["metadata"])
    return None if job is None else _task_pod(pod, job)


def _task_pod(pod: Pod, job: JobIdentity) -> TaskPod:
    status = pod.get("status", {})
    container = _task_container(status.get("containerStatuses", ()))
    terminated = container.get("state", {}).get("terminated", {})
    state = _state_reason(status, container)
    unreported = TaskPod(
        uid=pod["metadata"]["uid"],
        name=pod["metadata"]["name"],
        namespace=pod["metadata"]["namespace"],
        job=job,
        created_time=datetime.fromisoformat(pod["metadata"]["creationTimestamp"]),
        deletion_time=_deletion_time(pod["metadata"]),
        phase=status.get("phase", "Unknown"),
        node=pod.get("spec", {}).get("nodeName"),
        restarts=container.get("restartCount", 0),
        retry_count=_retry_count(pod),
        reason=state.reason,
        message=state.message,
        output=_output(status, container),
        started=_started(container),
        finished=bool(terminated) or status.get("phase") in ENDED_PHASES,
        start_time=_start_time(status, container),
        completion_time=parse_time(terminated.get("finishedAt")),
        exit_code=terminated.get("exitCode"),
        disruption=_disruption(status),
        controller=controller_of(pod["metadata"]),
    )
    return with_report(unreported, terminated.get("message"))


_SAYS_NOTHING: Final = (None, "ContainerCreating", "PodInitializing")
"""Reasons of a container that waits, as any container does at first."""


def keep_facts(old: TaskPod, new: TaskPod) -> TaskPod:
    """Return the new state with what the kubelet overwrites at a pod's end."""
    # Who deletes a Job and leaves its pods takes their controller away.
    new = replace(new, controller=old.controller or new.controller)
    if new.was_not_found:
        # It says nothing of how the container was, and its own reason hides what it waited for.
        new = replace(
            new,
            started=old.started,
            start_time=old.start_time,
            reason=new.reason if old.started else old.reason,
            message=new.message if old.started else old.message,
            exit_code=new.exit_code if old.started else None,
        )
    # Asked to delete a pod that waits for its Secret, the kubelet forgets what it waited for.
    if new.deletion_time is not None and not new.started and new.reason in _SAYS_NOTHING:
        new = replace(new, reason=old.reason, message=old.message)
    # When the containers have ended, the kubelet deletes the pod once more and overwrites the
    # time. A container that the deletion ended would then seem to have ended before it.
    return replace(new, deletion_time=old.deletion_time) if old.deletion_time else new


def _job(metadata: Json) -> JobIdentity | None:
    labels, annotations = metadata.get("labels", {}), metadata.get("annotations", {})
    job_name = labels.get(names.JOB_NAME_LABEL)
    task_name = labels.get(names.TASK_LABEL)
    task_id = annotations.get(names.TASK_ID_ANNOTATION)
    if not (job_name and task_name and task_id):
        return None
    return job_identity(metadata["namespace"], job_name, task_name, task_id)


def _task_container(items: Iterable[Json]) -> Json:
    return next((item for item in items if item["name"] == names.TASK_CONTAINER), {})


def _retry_count(pod: Json) -> int:
    container = _task_container(pod.get("spec", {}).get("containers", ()))
    values = {item["name"]: item.get("value") for item in container.get("env", ())}
    return small_number(values.get(environment.RETRY_COUNT), 0)


def _started(container: Json) -> bool:
    state = container.get("state", {})
    return "running" in state or _ran(state.get("terminated", {}))


def _ran(terminated: Json) -> bool:
    # A container whose program is not in the image has ended too, and has never run. So has one
    # whose pod was deleted while it waited: the kubelet then writes an end without a start.
    return terminated.get("startedAt") not in (None, *NEVER)


def _start_time(status: Json, container: Json) -> datetime | None:
    state = container.get("state", {})
    for part in (state.get("terminated", {}), state.get("running", {})):
        if part.get("startedAt") and part["startedAt"] not in NEVER:
            return parse_time(part["startedAt"])
    return parse_time(status.get("startTime"))


def _deletion_time(metadata: Json) -> datetime | None:
    # `deletionTimestamp` is when the grace period ends, not when deletion was requested.
    grace = timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
    end = parse_time(metadata.get("deletionTimestamp"))
    return end - grace if end else None


def _disruption(status: Json) -> str | None:
    if not is_true(status, "DisruptionTarget"):
        return None
    found = condition(status, "DisruptionTarget")
    return str(found.get("message") or found.get("reason") or "the pod was disrupted")


@dataclass(frozen=True)
class _StateReason:
    reason: str | None = None
    message: str | None = None


def _state_reason(status: Json, container: Json) -> _StateReason:
    """Return the most specific reason for the state that the pod is in.

    In this order: why the whole pod failed (`Evicted`), why its container ended (`OOMKilled`),
    which init container failed, what it waits for (`ErrImagePull`), and why no node takes it
    (`Unschedulable`).
    """
    state = container.get("state", {})
    for part in (
        status,
        _without_output(state.get("terminated", {})),
        # While an init container fails, the task's own waits for `PodInitializing` only.
        *([] if "running" in state else _init_failures(status)),
        state.get("waiting", {}),
        _unscheduled(status),
    ):
        if part.get("reason"):
            return _StateReason(part["reason"], part.get("message"))
    return _StateReason()


def _without_output(terminated: Json) -> Json:
    """Return it with a message of Kubernetes' own only: why the container could not be started."""
    message = terminated.get("message")
    return {**terminated, "message": text_of(message) if message and not _ran(terminated) else None}


def _output(status: Json, container: Json) -> str | None:
    """Return what the task's container wrote, or the init container that kept it from starting."""
    state = container.get("state", {})
    ends = [state.get("terminated", {})]
    if not ends[0] and "running" not in state:
        ends = [_ended(item) for item in status.get("initContainerStatuses", ())]
        ends = [end for end in ends if end.get("exitCode")]
    texts = [end.get("message") for end in ends if _ran(end)]
    # An outcome is no text for users.
    return next((text_of(text) for text in texts if text and not is_outcome(text)), None)


def _init_failures(status: Json) -> list[Json]:
    """Return what is wrong with each init container, those that ended first."""
    items = status.get("initContainerStatuses", ())
    ends = [(item, _ended(item)) for item in items]
    ended = [_with_name(i, _without_output(end)) for i, end in ends if end.get("exitCode")]
    waiting = [(item, item.get("state", {}).get("waiting", {})) for item in items]
    # One that waits for `PodInitializing` waits for another init container.
    return ended + [_with_name(i, w) for i, w in waiting if w.get("reason") != "PodInitializing"]


def _ended(item: Json) -> Json:
    """Return its end, also while it waits to be started again."""
    ends = (item.get(field, {}).get("terminated", {}) for field in ("state", "lastState"))
    found: Json = next((end for end in ends if end), {})
    return found


def _with_name(item: Json, part: Json) -> Json:
    code = part.get("exitCode")
    what = f"the init container {item['name']}"
    text = f"{what} ended with exit code {code}" if code else what
    message = ": ".join(each for each in (text, (part.get("message") or "").strip()) if each)
    return {**part, "message": message}


def _unscheduled(status: Json) -> Json:
    found = condition(status, "PodScheduled")
    return found if found.get("status") == "False" else {}
