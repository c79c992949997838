"""Readiness of a loop: the status of its Deployment and of its pod, or why there is none."""

from dataclasses import dataclass
from typing import Final

from jvscheduler_operator.objects.manifests import Manifest, is_being_deleted
from jvscheduler_operator.objects.pods import PodProblem

_NO_POD: Final = ("ReplicaFailure", "True")
"""The Deployment's condition when the API server refuses the pod itself, such as for a quota."""

_EXPLAINING: Final = (("Progressing", "False"), ("Available", "False"))
"""Deployment conditions that say that no pod is ready, the most specific first."""


@dataclass(frozen=True)
class LoopReadiness:
    """The facts that tasks need about the loop that their spec asks for."""

    is_available: bool
    message: str = ""
    """Why it is not available."""
    failure: str | None = None
    """Why the Deployment, or what its pod needs, could not be applied."""
    problem: PodProblem | None = None
    """The problem of its pod, when the pod does not become ready by itself."""


def readiness(
    deployment: Manifest | None, failure: str | None = None, problem: PodProblem | None = None
) -> LoopReadiness:
    if deployment is None or is_being_deleted(deployment):
        return LoopReadiness(False, "it is about to be created", failure)
    status = deployment.get("status", {})
    # During a rollout the old pod still serves, so one available pod is enough.
    if status.get("availableReplicas", 0) > 0:
        return LoopReadiness(True, failure=failure)
    conditions = {(c["type"], c["status"]): c for c in status.get("conditions", [])}
    if _NO_POD in conditions:
        problem = PodProblem(_message(conditions[_NO_POD]))
    messages = (_message(conditions[key]) for key in _EXPLAINING if key in conditions)
    message = problem.message if problem else next(messages, "no pod is ready yet")
    return LoopReadiness(False, message, failure, problem)


def _message(condition: Manifest) -> str:
    # Kubernetes requires none, and whoever may write the status may leave it out.
    return str(condition.get("message") or condition.get("reason") or "it does not say why")
