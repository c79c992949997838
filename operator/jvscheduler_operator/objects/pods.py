"""Why the pod of a loop does not come up, as Kubernetes says it about pod and containers. Pure.

The Deployment says only that no pod is ready. Its newest pod says what it waits for, but for
one case: the kubelet that waits for a volume says so in an Event alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jvscheduler import images, names
from jvscheduler.edge.log_lines import text_of
from jvscheduler.outcomes import clip
from jvscheduler_operator.objects.manifests import Manifest, is_being_deleted

_STARTING: Final = ("ContainerCreating", "PodInitializing")
"""A container that waits for one of these is being started, or waits for another container."""

_PULLING: Final = ("ErrImagePull", "ImagePullBackOff")
_ABSENT: Final = re.compile(r"not found|manifest unknown")
_DENIED: Final = re.compile(r"denied|unauthorized|authorization|authentication")
"""A registry that asks for a password says of each image that it may not exist."""

_MAX_BYTES: Final = 600
"""The limit of a problem's message, in bytes. A condition and an Event contain the message."""


@dataclass(frozen=True)
class PodProblem:
    """The reason that keeps a pod from being ready."""

    message: str
    lacks_runner: bool = False
    """True when the task's image has no Python or no jvscheduler."""


def newest(pods: Iterable[Manifest]) -> Manifest | None:
    """The newest pod that nobody has deleted: the one that should come up."""
    living = [pod for pod in pods if not is_being_deleted(pod)]
    return max(living, key=_age, default=None)


def is_waiting_in_silence(pod: Manifest) -> bool:
    """True when the pod has a node and no container: if anything is wrong, its Events say so."""
    statuses = [*_statuses(pod)]
    waiting = [status.get("state", {}).get("waiting", {}).get("reason") for status in statuses]
    return bool(waiting) and all(reason in _STARTING for reason in waiting)


def problem_of(pod: Manifest, events: Sequence[Manifest] = ()) -> PodProblem | None:
    """The first thing that is wrong with the pod. None: nothing is wrong so far."""
    # What a container waits for comes before how it ended last. That one is kept also while
    # it runs again: without it, the condition would change with every restart.
    for rule in (_not_started, _ended):
        texts = ((status, rule(status)) for status in _statuses(pod))
        found = next(((status, text) for status, text in texts if text), None)
        if found is not None:
            return _of_container(*found)
    return _of_pod(pod) or problem_of_events(events)


def _of_container(status: Mapping[str, Any], text: str) -> PodProblem:
    fault = images.fault(text)
    lines = text.splitlines()
    shown = fault or (f"{lines[0]}: {lines[-1]}" if len(lines) > 1 else text)
    return PodProblem(clip(f"container {status['name']}: {shown}", _MAX_BYTES), fault is not None)


def _not_started(status: Mapping[str, Any]) -> str | None:
    waiting = status.get("state", {}).get("waiting", {})
    reason, message = waiting.get("reason"), waiting.get("message", "")
    if reason in _PULLING:
        return _not_pulled(status["image"], message)
    if not reason or reason in _STARTING or reason == "CrashLoopBackOff":
        return None
    return message or str(reason)


def _not_pulled(image: str, message: str) -> str:
    if _ABSENT.search(message) and not _DENIED.search(message):
        return f'image "{image}" not found'
    # Between two tries the kubelet puts its own words before the same error.
    error = message.partition("ErrImagePull: ")[2] or message
    return ": ".join(text for text in (f'image "{image}" cannot be pulled', error) if text)


def _ended(status: Mapping[str, Any]) -> str | None:
    states = (status.get(key, {}).get("terminated") for key in ("state", "lastState"))
    terminated: Mapping[str, Any] = next((state for state in states if state), {})
    code = terminated.get("exitCode")
    # An init container that has done its work has ended too.
    if not code:
        return None
    if terminated.get("reason") == "OOMKilled":
        return "it used more memory than its limit allows"
    message = text_of(terminated.get("message", "")).strip()
    return "\n".join(text for text in (f"ended with exit code {code}", message) if text)


def _of_pod(pod: Manifest) -> PodProblem | None:
    status = pod.get("status", {})
    if status.get("reason"):
        message = f"{status['reason']}: {status.get('message', '')}"
        return PodProblem(clip(f"pod {pod['metadata']['name']}: {message}", _MAX_BYTES))
    scheduled = [c for c in status.get("conditions", ()) if c["type"] == "PodScheduled"]
    if scheduled and scheduled[0]["status"] == "False":
        message = scheduled[0].get("message") or scheduled[0].get("reason", "")
        return PodProblem(clip(f"no node takes the pod: {message}", _MAX_BYTES))
    return None


def problem_of_events(events: Sequence[Manifest]) -> PodProblem | None:
    """The latest warning about a pod, or about a Job that may not make one."""
    warnings = [event for event in events if event.get("type") == "Warning"]
    latest = max(warnings, key=_last_time, default=None)
    return PodProblem(clip(latest.get("message", ""), _MAX_BYTES)) if latest else None


def _statuses(pod: Manifest) -> Iterable[Mapping[str, Any]]:
    status = pod.get("status", {})
    containers = status.get("containerStatuses", ())
    # Init containers run first, so that their failure is why the others wait. The loop's own
    # container comes last: it is ended when the worker does not come up in time.
    own_last = sorted(containers, key=lambda c: bool(c["name"] == names.LOOP_CONTAINER))
    return [*status.get("initContainerStatuses", ()), *own_last]


def _age(pod: Manifest) -> str:
    return str(pod["metadata"].get("creationTimestamp", ""))


def _last_time(event: Manifest) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
