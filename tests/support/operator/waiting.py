"""Jobs and pods of the task `restock`, one for each minute after noon."""

from datetime import timedelta
from typing import Any

from jvscheduler import names

NOON_MINUTE = 29540880
"""Noon of `objects.NOON`, in minutes since 1970: the end of its Job's name."""

MINUTE = timedelta(minutes=1)


def job_name(minute: int) -> str:
    return f"restock-{NOON_MINUTE + minute}"


def job(minute: int, name: str | None = None, **fields: Any) -> dict[str, Any]:
    """`failed` and `conditions` are of its status, the other fields of its metadata."""
    status = {key: fields.pop(key) for key in ("failed", "conditions") if key in fields}
    return {
        "metadata": {
            "name": name or job_name(minute),
            "namespace": "shop",
            "labels": {names.TASK_LABEL: "restock"},
            "resourceVersion": "1",
            **fields,
        },
        "spec": {"template": {"spec": {}}},
        "status": status,
    }


def pod(
    minute: int, state: dict[str, Any] | None = None, phase: str = "Pending", **status: Any
) -> dict[str, Any]:
    """A pod of the minute's Job. `state` is that of the task's container."""
    container = {"name": names.TASK_CONTAINER, "image": "shop:9", "state": state}
    containers = [container] if state else []
    labels = {names.TASK_LABEL: "restock", names.JOB_NAME_LABEL: job_name(minute)}
    return {
        "metadata": {
            "name": f"{job_name(minute)}-x",
            "namespace": "shop",
            "labels": labels,
            "creationTimestamp": "2026-03-02T12:00:00Z",
        },
        "status": {"phase": phase, "containerStatuses": containers, **status},
    }
