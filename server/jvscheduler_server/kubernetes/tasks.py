"""A ScheduledTask in our words: its definition from `spec`, the rest as the operator wrote it.

A dict, not the model of the resource: one object that a newer version wrote must
not hide the others.
"""

from collections.abc import Mapping
from typing import Any

from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.kubernetes.times import parse_time

EXPECTED = ("Accepted", "Ready")


def to_task_state(task: Mapping[str, Any]) -> TaskState:
    """Raises KeyError or ValueError for a dict that is no ScheduledTask."""
    metadata, spec, status = task["metadata"], task["spec"], task.get("status", {})
    reason = _unready(status)
    return TaskState(
        task_id=spec["taskID"],
        name=metadata["name"],
        namespace=metadata["namespace"],
        schedule=spec["schedule"],
        time_zone=spec.get("timeZone", "UTC"),
        suspended=spec.get("suspend", False),
        ready=reason is None,
        reason=reason,
        last_schedule_time=parse_time(status.get("lastScheduleTime")),
        next_schedule_time=parse_time(status.get("nextScheduleTime")),
        backend=status.get("backend"),
    )


def _unready(status: Mapping[str, Any]) -> str | None:
    conditions = {item["type"]: item for item in status.get("conditions", ())}
    for kind in EXPECTED:
        condition = conditions.get(kind)
        if condition is None:
            return "the operator has not looked at it yet"
        if condition["status"] != "True":
            return f"{condition.get('reason', kind)}: {condition.get('message', '')}"
    return None
