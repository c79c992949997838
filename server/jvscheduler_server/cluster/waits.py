"""Decides why a pod has not started, or why Kubernetes has made none. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from jvscheduler.outcomes import Reason
from jvscheduler_server.cluster.objects import StartFailure, TaskPod

IMAGE_REASONS: Final = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""The kubelet's reasons for a container that waits for its image."""

CONTAINER_REASONS: Final = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)
"""The kubelet's reasons for a container that it cannot create."""

SCHEDULER_REASONS: Final = frozenset({"SchedulingGated", "Unschedulable"})
"""The scheduler's reasons for a pod without a node."""


@dataclass(frozen=True)
class Wait:
    """The reason why a job waits, or waited until it was given up."""

    reason: Reason | None
    """None: nothing is known to be wrong."""
    kubernetes_reason: str | None
    message: str

    @property
    def is_trouble(self) -> bool:
        return self.reason is not None

    @property
    def label(self) -> str | None:
        """The reason in a record: ours, else Kubernetes' own, such as `ContainerCreating`."""
        return self.reason or self.kubernetes_reason


Rule = Callable[[TaskPod], Reason | None]


def wait_of_pod(pod: TaskPod, failure: StartFailure | None = None) -> Wait:
    """`failure` is the newest Event about the pod's volumes."""
    answers = (rule(pod) for rule in RULES)
    reason = next((answer for answer in answers if answer is not None), None)
    if reason is None and failure is not None:
        message = _message(pod, failure.reason, failure.message)
        return Wait(Reason.FAILED_MOUNT, failure.reason, message)
    if reason is None and _was_deleted(pod):
        reason = Reason.POD_DELETED
    return Wait(reason, pod.reason, _message(pod, pod.reason, pod.disruption or pod.message))


def wait_of_job(name: str, failure: StartFailure | None) -> Wait:
    """Return why a Job has no pod yet. `failure` is the newest Event about it."""
    if failure is None:
        return Wait(None, None, f"Kubernetes has made no pod for the Job {name}")
    return Wait(Reason.FAILED_CREATE, failure.reason, failure.message)


def _evicted(pod: TaskPod) -> Reason | None:
    return Reason.EVICTED if pod.reason == "Evicted" or pod.disruption else None


def _deadline_exceeded(pod: TaskPod) -> Reason | None:
    return Reason.DEADLINE_EXCEEDED if pod.reason == "DeadlineExceeded" else None


def _out_of_memory(pod: TaskPod) -> Reason | None:
    # It was an init container: the task's own has not run.
    return Reason.OOM_KILLED if pod.reason == "OOMKilled" else None


def _image(pod: TaskPod) -> Reason | None:
    return Reason.IMAGE_PULL_FAILED if pod.reason in IMAGE_REASONS else None


def _container(pod: TaskPod) -> Reason | None:
    return Reason.CREATE_CONTAINER_ERROR if pod.reason in CONTAINER_REASONS else None


def _unschedulable(pod: TaskPod) -> Reason | None:
    return Reason.UNSCHEDULABLE if pod.reason in SCHEDULER_REASONS else None


def _failed(pod: TaskPod) -> Reason | None:
    # An init container failed, or the node refused the pod.
    return Reason.CONTAINER_FAILED if pod.phase == "Failed" and not _was_deleted(pod) else None


RULES: Final[Sequence[Rule]] = (
    _evicted,
    _deadline_exceeded,
    _out_of_memory,
    _image,
    _container,
    _unschedulable,
    _failed,
)
"""In this order: the first rule that knows decides."""


def _was_deleted(pod: TaskPod) -> bool:
    return pod.deleted or pod.deletion_time is not None


def _message(pod: TaskPod, reason: str | None, text: str | None) -> str:
    state = "was deleted before it started" if _was_deleted(pod) else "has not started"
    return ": ".join(part for part in (f"the pod {pod.name} {state}", reason, text) if part)
