"""Whether the operator serves a task, by the task's own status. Pure."""

from typing import Any, Literal, NamedTuple

from jvscheduler.delivery.plan import Manifest


class Verdict(NamedTuple):
    state: Literal["served", "waiting", "refused"]
    message: str


def verdict(task: Manifest | None) -> Verdict:
    if task is None:
        return Verdict("refused", "somebody has deleted it")
    conditions = {each["type"]: each for each in (task.get("status") or {}).get("conditions") or ()}
    accepted, ready = (_current(task, conditions.get(name)) for name in ("Accepted", "Ready"))
    if accepted is None:
        return Verdict("waiting", "the operator has not looked at it yet")
    if accepted["status"] == "False":
        return Verdict("refused", f"{accepted['reason']}: {accepted['message']}")
    if ready is not None and ready["status"] == "True":
        return Verdict("served", "")
    return Verdict("waiting", f"{ready['reason']}: {ready['message']}" if ready else "not ready")


def _current(task: Manifest, condition: dict[str, Any] | None) -> dict[str, Any] | None:
    """The condition, when it is about the spec of now."""
    if condition is None or condition.get("observedGeneration", 0) < task["metadata"]["generation"]:
        return None
    return condition
