"""What pods tell about attempts that their runners could not record.

Pure: pods as they are seen and the history's unfinished jobs → outcomes to
record. Recording is idempotent and changes no attempt whose end somebody saw, so
what is decided here may be decided again, late, or by two servers at once.

A runner that had its say is believed, unless it says that the history has it
already. For every other end there is one rule, and `RULES` shows their order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jvscheduler.outcomes import MAX_ERROR_BYTES, Outcome, Reason, Status, clip
from jvscheduler_server.cluster.objects import TaskPod

IMAGE_REASONS = frozenset(
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


@dataclass(frozen=True)
class Verdict:
    reason: Reason
    text: str
    status: Status = Status.FAILED


Rule = Callable[[TaskPod], Verdict | None]


def repairs(pods: Iterable[TaskPod], now: datetime) -> list[tuple[TaskPod, Outcome]]:
    """The outcomes that the history may not have, each with the pod that tells it."""
    found = ((pod, repair(pod, now)) for pod in pods)
    return [(pod, outcome) for pod, outcome in found if outcome is not None]


def repair(pod: TaskPod, now: datetime) -> Outcome | None:
    """None while the attempt goes on, and when its runner has recorded it."""
    if pod.reported is not None:
        return None if pod.reported.recorded else pod.reported
    verdict = verdict_of(pod)
    return None if verdict is None else outcome(pod, verdict, now)


def is_silent(pod: TaskPod) -> bool:
    """Whether it ended and tells nothing: only the history knows if its attempt is open."""
    over = pod.finished or pod.deleted
    return over and pod.reported is None and verdict_of(pod) is None


def verdict_of(pod: TaskPod) -> Verdict | None:
    if not (pod.finished or pod.deleted):
        return None
    verdicts = (rule(pod) for rule in RULES)
    return next((verdict for verdict in verdicts if verdict is not None), None)


def outcome(pod: TaskPod, verdict: Verdict, now: datetime) -> Outcome:
    ended = pod.completion_time or pod.deletion_time or now
    start = pod.start_time or pod.created_time
    return Outcome(
        job_id=pod.job.id,
        task_id=pod.job.task_id,
        namespace=pod.namespace,
        job_name=pod.job.name,
        attempt_id=pod.name,
        status=verdict.status,
        scheduled_time=pod.job.scheduled_time,
        start_time=start,
        completion_time=max(ended, start),
        reason=verdict.reason,
        error_message=clip(verdict.text, MAX_ERROR_BYTES),
        retry_count=pod.retry_count,
        node_name=pod.node,
    )


def _out_of_memory(pod: TaskPod) -> Verdict | None:
    if pod.reason != "OOMKilled":
        return None
    return Verdict(Reason.OOM_KILLED, "the container used more memory than its limit allows")


def _evicted(pod: TaskPod) -> Verdict | None:
    if pod.reason != "Evicted" and pod.disruption is None:
        return None
    return Verdict(Reason.EVICTED, pod.disruption or pod.message or "the node evicted the pod")


def _deadline(pod: TaskPod) -> Verdict | None:
    if pod.reason != "DeadlineExceeded":
        return None
    text = pod.message or "the pod was active longer than its deadline allows"
    return Verdict(Reason.DEADLINE_EXCEEDED, text, Status.TIMEOUT)


def _image(pod: TaskPod) -> Verdict | None:
    if pod.reason not in IMAGE_REASONS:
        return None
    return Verdict(Reason.IMAGE_PULL_FAILED, _with_message(f"{pod.reason}", pod))


def _vanished(pod: TaskPod) -> Verdict | None:
    if not pod.vanished or pod.finished or pod.deletion_time is not None:
        return None
    text = f"the pod {pod.name} disappeared while the server was not watching"
    return Verdict(Reason.RUNNER_LOST, text)


def _deleted(pod: TaskPod) -> Verdict | None:
    if not pod.was_ended_by_deletion or pod.exit_code == 0:
        return None
    return deleted(pod)


def _exited(pod: TaskPod) -> Verdict | None:
    if not pod.exit_code:
        return None
    text = f"the container ended with exit code {pod.exit_code} before it told its outcome"
    return Verdict(Reason.CONTAINER_FAILED, _with_message(text, pod))


def _failed(pod: TaskPod) -> Verdict | None:
    if pod.phase != "Failed":
        return None
    return Verdict(Reason.CONTAINER_FAILED, _with_message(pod.reason or "the pod failed", pod))


RULES: Sequence[Rule] = (
    _out_of_memory,
    _evicted,
    _deadline,
    _image,
    _vanished,
    _deleted,
    _exited,
    _failed,
)
"""A pod that ended well without a word matches none: its runner had nothing to do,
or `lost` finds its attempt still open in the history."""


def deleted(pod: TaskPod) -> Verdict:
    if pod.started:
        return Verdict(Reason.POD_DELETED, f"the pod {pod.name} was deleted while it ran")
    text = f"the pod {pod.name} was deleted before it started"
    return Verdict(Reason.POD_DELETED, f"{text} ({pod.reason})" if pod.reason else text)


def _with_message(text: str, pod: TaskPod) -> str:
    return f"{text}: {pod.message}" if pod.message else text
