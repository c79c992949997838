"""Why an attempt ended, when its pod ended and its runner left no outcome. Pure.

The rules are asked in their order, and the first one that knows decides. They read nothing but
the pod as it was last seen. A pod that never started has no attempt: see `unstarted_jobs`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from jvscheduler import images
from jvscheduler.outcomes import Reason, Status
from jvscheduler_server.cluster.objects import TaskPod


@dataclass(frozen=True)
class Ending:
    """How an attempt ended, as its record will say it."""

    reason: Reason
    message: str
    status: Status = Status.FAILED


RAN_NO_RUNNER: Final = Ending(
    Reason.RUNNER_NOT_FOUND,
    "the container ended with exit code 0 and ran no runner: remove its command from "
    "spec.template, or have it run python3 -m jvscheduler.runner",
)
"""The end of a container whose command succeeded, but was not the runner."""

Rule = Callable[[TaskPod], Ending | None]


def ending_of_pod(pod: TaskPod) -> Ending | None:
    """Return how the pod's attempt ended.

    None: the pod still exists and runs, or its container ended with exit code 0. Then either
    the runner had nothing to do, or the history shows the attempt as open.
    """
    return _first(RULES, pod) if pod.finished or pod.deleted else None


def ending_of_open_attempt(pod: TaskPod) -> Ending:
    """Return how the pod's attempt ended, when the history shows it as open.

    The pod has ended, so one of the rules knows: the last one always does.
    """
    return _first(RULES, pod) or _deleted_with_exit_code_0(pod) or _no_outcome(pod)


def _out_of_memory(pod: TaskPod) -> Ending | None:
    # Before the rule for deletion: during its deletion too, the kernel may end the container
    # for its memory. Then that is the cause.
    if pod.reason != "OOMKilled":
        return None
    return Ending(Reason.OOM_KILLED, "the container used more memory than its limit allows")


def _evicted(pod: TaskPod) -> Ending | None:
    # Before the rule for deletion: an eviction by the API is a deletion with a condition.
    if pod.reason != "Evicted" and pod.disruption is None:
        return None
    return Ending(Reason.EVICTED, pod.disruption or pod.message or "the node evicted the pod")


def _deadline_exceeded(pod: TaskPod) -> Ending | None:
    if pod.reason != "DeadlineExceeded":
        return None
    message = pod.message or "the pod was active longer than its deadline allows"
    return Ending(Reason.DEADLINE_EXCEEDED, message, Status.TIMEOUT)


def _vanished(pod: TaskPod) -> Ending | None:
    # The last state that was seen is not the end: the pod may have run on and completed.
    if not pod.vanished or pod.finished or pod.deletion_time is not None:
        return None
    message = f"the pod {pod.name} disappeared while the server was not watching"
    return Ending(Reason.RUNNER_LOST, message)


def _deleted(pod: TaskPod) -> Ending | None:
    # With exit code 0 the runner may have done its work before the pod was cleaned up.
    if not pod.was_ended_by_deletion or pod.exit_code == 0:
        return None
    return _pod_deleted(pod)


def _runner_not_found(pod: TaskPod) -> Ending | None:
    # Exit code 0 cannot mean it, whatever the end of the log says.
    fault = (images.fault(pod.message) or images.fault(pod.output)) if pod.exit_code else None
    return Ending(Reason.RUNNER_NOT_FOUND, fault) if fault is not None else None


def _exited(pod: TaskPod) -> Ending | None:
    if not pod.exit_code:
        return None
    message = f"the container ended with exit code {pod.exit_code} before it left an outcome"
    return Ending(Reason.CONTAINER_FAILED, _with_message(message, pod))


def _failed_without_container(pod: TaskPod) -> Ending | None:
    if pod.phase != "Failed":
        return None
    return Ending(Reason.CONTAINER_FAILED, _with_message(pod.reason or "the pod failed", pod))


RULES: Final[Sequence[Rule]] = (
    _out_of_memory,
    _evicted,
    _deadline_exceeded,
    _vanished,
    _deleted,
    _runner_not_found,
    _exited,
    _failed_without_container,
)


def _deleted_with_exit_code_0(pod: TaskPod) -> Ending | None:
    return _pod_deleted(pod) if pod.was_ended_by_deletion else None


def _no_outcome(pod: TaskPod) -> Ending:
    # Exit code 0 says how the container ended, not the job: that is still open.
    message = f"the container ended with exit code {pod.exit_code} and left no outcome"
    return Ending(Reason.CONTAINER_FAILED, message)


def _first(rules: Sequence[Rule], pod: TaskPod) -> Ending | None:
    endings = (rule(pod) for rule in rules)
    return next((ending for ending in endings if ending is not None), None)


def _pod_deleted(pod: TaskPod) -> Ending:
    return Ending(Reason.POD_DELETED, f"the pod {pod.name} was deleted while it ran")


def _with_message(text: str, pod: TaskPod) -> str:
    return f"{text}: {pod.message}" if pod.message else text
