"""Converts ScheduledTasks into the server's values.

It reads a few fields, not the model of the resource. That model would refuse an object that a
newer version wrote, and the API would then not show that task at all.
"""

from typing import Final

from jvscheduler_server.cluster.objects import FAILING, REPORTED_FIELDS, TaskState
from jvscheduler_server.kubernetes.fields import Json, condition, parse_time
from jvscheduler_server.kubernetes.shapes import TASK, shaped

EXPECTED: Final = ("Accepted", "Ready")
"""Conditions that are True for a task that is scheduled as its definition says."""


def to_task_state(item: Json) -> TaskState | None:
    """Convert a ScheduledTask. Raises KeyError or ValueError for an object that is none.

    Returns None when it is being deleted: a finalizer may keep it, but it starts no more jobs.
    """
    task = shaped(TASK, item)
    metadata, spec, status = task["metadata"], task["spec"], task.get("status", {})
    if "deletionTimestamp" in metadata:
        return None
    reason = _reason_not_ready(status)
    is_looped = status.get("backend") == "Loop"
    return TaskState(
        task_id=spec["taskID"],
        name=metadata["name"],
        namespace=metadata["namespace"],
        schedule=spec["schedule"],
        resolved_schedule=status.get("resolvedSchedule"),
        time_zone=spec.get("timeZone", "UTC"),
        suspended=spec.get("suspend", False),
        ready=reason is None,
        reason=reason,
        # Of a loop's task this server wrote it, some seconds ago. The history is asked instead.
        last_schedule_time=None if is_looped else parse_time(status.get("lastScheduleTime")),
        next_schedule_time=parse_time(status.get("nextScheduleTime")),
        backend=status.get("backend"),
        is_conflicting=_is_conflicting(status),
        uid=metadata.get("uid", ""),
        generation=metadata.get("generation", 0),
        reported=_reported(status),
    )


def _is_conflicting(status: Json) -> bool:
    accepted = condition(status, "Accepted")
    return (accepted.get("status"), accepted.get("reason")) == ("False", "Conflict")


def _reported(status: Json) -> Json:
    failing = condition(status, FAILING)
    fields = {name: status[name] for name in REPORTED_FIELDS if name in status}
    return {**fields, **({"conditions": [failing]} if failing else {})}


def _reason_not_ready(status: Json) -> str | None:
    for kind in EXPECTED:
        found = condition(status, kind)
        if not found:
            return "the operator has not looked at it yet"
        if found["status"] != "True":
            return f"{found.get('reason', kind)}: {found.get('message', '')}"
    return None
