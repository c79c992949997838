"""Converts Jobs, CronJobs and the Events about Jobs into the server's values."""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from jvscheduler import environment, names
from jvscheduler.errors import InvalidSchedule
from jvscheduler.outcomes import Reason
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import MAX_TASK_ID, TASK_ID_PATTERN
from jvscheduler_server.cluster.objects import JobIdentity, KubernetesJob, TaskCronJob
from jvscheduler_server.kubernetes.fields import Json, is_true, parse_time, small_number
from jvscheduler_server.kubernetes.shapes import CRON_JOB, JOB, shaped

_MOST_EARLIER: Final = 20
"""Former definitions of a CronJob that are kept. The server writes a revision of each within
seconds, so that more only come together while the history is away."""

GIVEN_UP: Final = (Reason.DEADLINE_MISSED, Reason.CONCURRENCY_LIMIT)
"""Why the operator ends a Job before it has started."""


def to_kubernetes_job(item: Json) -> KubernetesJob:
    """Convert a Job. Raises KeyError or ValueError for an object that is none."""
    job = shaped(JOB, item)
    metadata, spec, status = job["metadata"], job.get("spec", {}), job.get("status", {})
    task_name = metadata.get("labels", {}).get(names.TASK_LABEL, "")
    # Between two attempts a Job has no pod for up to six minutes. Only its conditions tell
    # that it will make another attempt.
    completed, failed = is_true(status, "Complete"), is_true(status, "Failed")
    return KubernetesJob(
        name=metadata["name"],
        namespace=metadata["namespace"],
        finished=completed or failed or "deletionTimestamp" in metadata,
        task_name=task_name,
        uid=metadata.get("uid", ""),
        identity=_identity(metadata, spec, task_name),
        created_time=parse_time(metadata.get("creationTimestamp")),
        retry_count=spec.get("backoffLimit", 0),
        completed=completed,
        failed=failed,
        failed_pods=status.get("failed", 0),
        given_up=_given_up(metadata),
    )


def job_identity(namespace: str, job_name: str, task_name: str, task_id: str) -> JobIdentity:
    """Raises ValueError when the task's id is none: anybody may write the annotation."""
    if len(task_id) > MAX_TASK_ID or re.fullmatch(TASK_ID_PATTERN, task_id) is None:
        raise ValueError(f"the annotation {names.TASK_ID_ANNOTATION} is no task's id")
    scheduled = names.scheduled_time_of(job_name, task_name)
    job_id = (
        names.scheduled_job_id(namespace, task_id, scheduled)
        if scheduled
        else names.manual_job_id(namespace, task_id, job_name)
    )
    return JobIdentity(job_id, job_name, task_id, task_name, scheduled)


def _given_up(metadata: Json) -> Reason | None:
    # Anybody who may edit the Job writes it: only what the operator writes is read.
    text = metadata.get("annotations", {}).get(names.GIVEN_UP_ANNOTATION)
    return next((reason for reason in GIVEN_UP if reason == text), None)


def _identity(metadata: Json, spec: Json, task_name: str) -> JobIdentity | None:
    template = spec.get("template", {}).get("metadata", {})
    task_id = template.get("annotations", {}).get(names.TASK_ID_ANNOTATION)
    if not (task_name and task_id):
        return None
    return job_identity(metadata["namespace"], metadata["name"], task_name, task_id)


def to_task_cron_job(item: Json) -> TaskCronJob | None:
    """Convert a CronJob. Raises KeyError or ValueError for an object that is none.

    Returns None when it creates no Jobs of a task, or none any more.
    """
    cron_job = shaped(CRON_JOB, item)
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
        uid=metadata.get("uid", ""),
    )


def keep_earlier(old: TaskCronJob, new: TaskCronJob) -> TaskCronJob:
    """Return the new state with its former definitions."""
    # Two edits may come between two looks of the repair. The instants that were due between
    # the edits are judged by the definition of their time, so it must not be forgotten.
    if old.definition == new.definition:
        return replace(new, earlier=old.earlier)
    earlier = (*old.earlier, replace(old, earlier=()))
    return replace(new, earlier=earlier[-_MOST_EARLIER:])


def _schedule(text: str, time_zone: str) -> str:
    """Return the schedule as our grammar writes it.

    Raises ValueError for one that the operator cannot have written.
    """
    try:
        return parse_schedule(text, time_zone).text
    except InvalidSchedule as error:
        raise ValueError(str(error)) from error


def _changed_time(metadata: Json) -> datetime:
    """Return the time of the last edit, which the API server keeps in the managed fields.

    So an edit has its true time even when no server was watching.
    """
    # The controller writes only the status, as a subresource; that changes no definition.
    edits = [e["time"] for e in metadata.get("managedFields", ()) if not e.get("subresource")]
    times = [metadata["creationTimestamp"], *edits]
    return max(datetime.fromisoformat(time) for time in times)


def _max_concurrency(pod: Json) -> int:
    containers = [c for c in pod["spec"]["containers"] if c["name"] == names.TASK_CONTAINER]
    env = [variable for container in containers for variable in container.get("env", ())]
    values = {variable["name"]: variable.get("value") for variable in env}
    return small_number(values.get(environment.MAX_CONCURRENT), 1)
