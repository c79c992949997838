"""Events about a task, on transitions only: what `kubectl describe` should tell a user.

Reasons are the CronJob controller's own where they mean the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jvscheduler import names
from jvscheduler.outcomes import clip
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest, assigned_loop
from jvscheduler_operator.tasks import conditions
from jvscheduler_operator.tasks.plan import Applied, Change, Condition, Reason

_LONGEST_NOTE: Final = 1024
"""Bytes; what `kubectl describe` shows of a longer one helps nobody."""

_QUIET: Final = frozenset(
    {Reason.NOT_ACCEPTED, Reason.AWAITING_DELETION, Reason.LOOP_NOT_AVAILABLE}
)
"""The first is told by the condition Accepted, the second passes by itself, and so does the
third at the start of every loop; Deployment and pods have Events of their own."""


@dataclass(frozen=True)
class _Fact:
    kind: str
    reason: str
    note: str


def events_of(
    task: Manifest, status: Mapping[str, Any], applied: Applied, now: datetime, instance: str
) -> Sequence[dict[str, Any]]:
    before = task.get("status", {}).get("conditions", [])
    told = [
        _Fact("Warning", condition["reason"], condition["message"])
        for condition in conditions.transitions(before, status["conditions"])
        if _is_failure(condition)
    ]
    if applied.change is not None:
        told.append(_change(task["metadata"]["name"], applied.change))
    loop = status.get("loop")
    if loop is not None and loop != assigned_loop(task):
        told.append(_Fact("Normal", Reason.LOOP_ASSIGNED, f"Served by Deployment {loop}"))
    return [{**_event(task, fact), **_signature(now, instance)} for fact in told]


def _is_failure(condition: Mapping[str, Any]) -> bool:
    is_judged = condition["type"] in (Condition.ACCEPTED, Condition.READY)
    return is_judged and condition["status"] == "False" and condition["reason"] not in _QUIET


def _change(name: str, change: Change) -> _Fact:
    if change is Change.CREATED:
        return _Fact("Normal", Reason.SUCCESSFUL_CREATE, f"Created CronJob {name}")
    return _Fact("Normal", Reason.SUCCESSFUL_UPDATE, f"Updated CronJob {name}")


def _event(task: Manifest, fact: _Fact) -> dict[str, Any]:
    name, namespace = task["metadata"]["name"], task["metadata"]["namespace"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{name}-", "namespace": namespace},
        "type": fact.kind,
        "reason": str(fact.reason),
        "message": clip(fact.note, _LONGEST_NOTE),
        "count": 1,
        "involvedObject": {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "name": name,
            "namespace": namespace,
            "uid": task["metadata"]["uid"],
        },
    }


def _signature(now: datetime, instance: str) -> dict[str, Any]:
    return {
        "firstTimestamp": times.to_text(now),
        "lastTimestamp": times.to_text(now),
        "source": {"component": names.FIELD_MANAGER},
        "reportingComponent": names.FIELD_MANAGER,
        "reportingInstance": instance,
    }
