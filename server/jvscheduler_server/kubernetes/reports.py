"""Reads the outcome that a pod's runner left as the container's termination message.

The task's own code may write that message too. So the message says only how this attempt ended.
Which job, task, namespace and pod it is about, the pod says itself. A message that names another
one is no outcome, and neither is one with times at which the pod did not exist.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from jvscheduler.edge.log_lines import is_log
from jvscheduler.edge.outcomes import from_message
from jvscheduler.outcomes import Outcome
from jvscheduler_server.cluster.objects import TaskPod

CLOCK_SKEW: Final = timedelta(hours=1)
"""The clocks of the node and of the API server may differ by this much."""

_LOOKS_LIKE_JSON: Final = ("{", "[")


def with_report(pod: TaskPod, message: str | None) -> TaskPod:
    """Return the pod with the outcome in its message, or with why there is none."""
    text = (message or "").strip()
    if not text:
        return pod
    try:
        outcome = from_message(text)
    except ValueError as error:
        # Without an outcome, Kubernetes puts the end of the log there. That is in order.
        is_forged = text.startswith(_LOOKS_LIKE_JSON) and not is_log(text)
        return replace(pod, refusal=str(error)) if is_forged else pod
    if not outcome.status.is_final:
        return pod
    refusal = _refusal(pod, outcome)
    if refusal is not None:
        return replace(pod, refusal=refusal)
    return replace(pod, reported=_of_pod(pod, outcome))


def is_outcome(message: str | None) -> bool:
    """True when the message is an outcome, which is no text for users."""
    try:
        from_message((message or "").strip())
    except ValueError:
        return False
    return True


def _refusal(pod: TaskPod, outcome: Outcome) -> str | None:
    """Return why it is not the outcome of this pod. None: it is."""
    said = (outcome.namespace, outcome.task_id, outcome.job_id, outcome.job_name)
    if said != (pod.namespace, pod.job.task_id, pod.job.id, pod.job.name):
        return "it names another job"
    if outcome.attempt_id != pod.name:
        return "it names another pod"
    end = outcome.completion_time or outcome.start_time
    latest = pod.completion_time or pod.created_time + timedelta(days=366)
    if not pod.created_time - CLOCK_SKEW <= outcome.start_time <= end <= latest + CLOCK_SKEW:
        return "its times are not those of the pod"
    return None


def _of_pod(pod: TaskPod, outcome: Outcome) -> Outcome:
    """Return the outcome with the facts that the pod knows better."""
    return replace(
        outcome,
        scheduled_time=pod.job.scheduled_time,
        node_name=pod.node or outcome.node_name,
        # A pod's attempt is of no loop, and Kubernetes has its output.
        loop=None,
        log_tail=None,
        retry_count=pod.retry_count,
    )
