"""A task's status, from what was decided and what became of it. Pure.

Times are those of the CronJob that is really there, not of the spec: after a
refused edit or a failed update the old CronJob goes on, and the status says so.
A loop reads the spec itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules import parse_schedule
from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.tasks import anchors, conditions
from jvscheduler_operator.tasks.plan import Applied, Plan, serving_loop

_OURS: Final = (
    "observedGeneration",
    "backend",
    "loop",
    "active",
    "lastScheduleTime",
    "nextScheduleTime",
    "conditions",
)


def status_of(task: Manifest, plan: Plan, applied: Applied, now: datetime) -> dict[str, Any]:
    generation = task["metadata"]["generation"]
    before = task.get("status", {}).get("conditions", [])
    found = conditions.verdicts(task, plan, applied)
    return {
        "observedGeneration": generation,
        "conditions": conditions.to_conditions(found, generation, before, now),
        **_of_carrier(task, plan, applied, now),
    }


def differs(task: Manifest, status: Mapping[str, Any]) -> bool:
    """Whether writing the status would change it; what others write there is theirs."""
    observed = task.get("status", {})
    return any(observed.get(field) != status.get(field) for field in _OURS)


def next_schedule_time(
    task: Manifest, plan: Plan, applied: Applied, now: datetime
) -> datetime | None:
    """The first instant after now at which the task is due; None while suspended, and where a
    status could not keep up with it."""
    if serving_loop(plan, applied) is None:
        return _next_of_child(applied.child, now)
    if plan.schedule is None or task["spec"].get("suspend"):
        return None
    return None if plan.schedule.is_finer_than_a_minute else plan.schedule.next(now)


def _next_of_child(child: Manifest | None, now: datetime) -> datetime | None:
    if child is None or child["spec"].get("suspend"):
        return None
    spec = child["spec"]
    try:
        return parse_schedule(spec["schedule"], spec.get("timeZone") or "UTC").next(now)
    except InvalidSchedule:
        return None  # someone's edit of the CronJob, which applying was refused to repair


def _of_carrier(task: Manifest, plan: Plan, applied: Applied, now: datetime) -> dict[str, Any]:
    following = next_schedule_time(task, plan, applied, now)
    moment = {"nextScheduleTime": times.to_text(following)} if following else {}
    loop = serving_loop(plan, applied)
    if loop is not None:
        return {"backend": "Loop", "loop": loop, "active": 0, **moment}
    return {**_of_child(applied.child), **moment}


def _of_child(child: Manifest | None) -> dict[str, Any]:
    if child is None:
        return {"active": 0}
    last = anchors.last_schedule_time(child)
    return {
        "backend": "CronJob",
        "active": len(child.get("status", {}).get("active", [])),
        **({"lastScheduleTime": times.to_text(last)} if last else {}),
    }
