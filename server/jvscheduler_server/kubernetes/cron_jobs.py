"""A task's CronJob in our words.

Who edited it last, and when, is in its managed fields: to the second, also when
nobody watched. Kubernetes' own controller writes the status alone, which is a
subresource and no edit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jvscheduler import environment, names
from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules import parse_schedule
from jvscheduler_server.cluster.objects import TaskCronJob
from jvscheduler_server.kubernetes.times import parse_time

Json = Mapping[str, Any]


def to_task_cron_job(cron_job: Json) -> TaskCronJob | None:
    """None for one that makes no task's Jobs, or none any more. Raises KeyError or ValueError."""
    metadata, spec = cron_job["metadata"], cron_job["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]
    task_id = pod.get("metadata", {}).get("annotations", {}).get(names.TASK_ID_ANNOTATION)
    if task_id is None or "deletionTimestamp" in metadata:
        return None
    time_zone = spec.get("timeZone", "UTC")
    return TaskCronJob(
        name=metadata["name"],
        namespace=metadata["namespace"],
        task_id=task_id,
        schedule=_schedule(spec["schedule"], time_zone),
        created_time=datetime.fromisoformat(metadata["creationTimestamp"]),
        changed_time=_changed_time(metadata),
        time_zone=time_zone,
        suspended=spec.get("suspend", False),
        forbids_concurrency=spec.get("concurrencyPolicy") == "Forbid",
        starting_deadline_seconds=spec.get("startingDeadlineSeconds"),
        max_concurrency=_max_concurrency(pod),
        last_schedule_time=parse_time(cron_job.get("status", {}).get("lastScheduleTime")),
    )


def _schedule(text: str, time_zone: str) -> str:
    """Raises ValueError for what only another hand can have written."""
    try:
        return parse_schedule(text, time_zone).text
    except InvalidSchedule as error:
        raise ValueError(str(error)) from error


def _changed_time(metadata: Json) -> datetime:
    edits = [e["time"] for e in metadata.get("managedFields", ()) if not e.get("subresource")]
    times = [metadata["creationTimestamp"], *edits]
    return max(datetime.fromisoformat(time) for time in times)


def _max_concurrency(pod: Json) -> int:
    containers = [c for c in pod["spec"]["containers"] if c["name"] == names.TASK_CONTAINER]
    env = [variable for container in containers for variable in container.get("env", ())]
    values = {variable["name"]: variable.get("value") for variable in env}
    text = values.get(environment.MAX_CONCURRENT) or "1"
    return int(text) if text.isdecimal() else 1
