"""A task's status, from what was decided and what became of it. Pure.

Times are those of the CronJob that is really there, not of the spec: after a
refused edit or a failed update the old CronJob goes on, and the status says so.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules import parse_schedule
from jvscheduler_operator import anchors, conditions, times
from jvscheduler_operator.plan import Applied, Plan
from jvscheduler_operator.state import Manifest

_OURS: Final = (
    "observedGeneration",
    "backend",
    "active",
    "lastScheduleTime",
    "nextScheduleTime",
    "conditions",
)


def status_of(task: Manifest, plan: Plan, applied: Applied, now: datetime) -> dict[str, Any]:
    generation = task["metadata"]["generation"]
    before = task.get("status", {}).get("conditions", [])
    found = conditions.verdicts(plan, applied)
    return {
        "observedGeneration": generation,
        "conditions": conditions.to_conditions(found, generation, before, now),
        **_of_child(applied.child, now),
    }


def differs(task: Manifest, status: Mapping[str, Any]) -> bool:
    """Whether writing the status would change it; what others write there is theirs."""
    observed = task.get("status", {})
    return any(observed.get(field) != status.get(field) for field in _OURS)


def next_schedule_time(child: Manifest | None, now: datetime) -> datetime | None:
    """The first instant after now at which the CronJob is due; None while suspended."""
    if child is None or child["spec"].get("suspend"):
        return None
    spec = child["spec"]
    try:
        return parse_schedule(spec["schedule"], spec.get("timeZone") or "UTC").next(now)
    except InvalidSchedule:
        return None  # someone's edit of the CronJob, which applying was refused to repair


def _of_child(child: Manifest | None, now: datetime) -> dict[str, Any]:
    if child is None:
        return {"active": 0}
    last, following = anchors.last_schedule_time(child), next_schedule_time(child, now)
    moments = {"lastScheduleTime": last, "nextScheduleTime": following}
    return {
        "backend": "CronJob",
        "active": len(child.get("status", {}).get("active", [])),
        **{field: times.to_text(moment) for field, moment in moments.items() if moment},
    }
