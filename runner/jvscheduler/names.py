"""Names that several parts must derive alike.

The operator names a CronJob, the runner reads its Job's name, the server looks
at both: none may keep a table of its own, so every name is a pure function of
what it names (idempotence by deterministic names, not by bookkeeping).
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

GROUP: Final = "jvscheduler.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "ScheduledTask"
PLURAL: Final = "scheduledtasks"
SINGULAR: Final = "scheduledtask"

TASK_LABEL: Final = f"{GROUP}/task"
"""On CronJobs, Jobs and pods: the ScheduledTask's `metadata.name`."""

TASK_ID_ANNOTATION: Final = f"{GROUP}/task-id"
"""On pods: the task's id, which need not be a valid label value."""

JOB_NAME_LABEL: Final = "batch.kubernetes.io/job-name"
"""Set by Kubernetes on a Job's pods."""

TASK_CONTAINER: Final = "task"
"""The container of a task's pod that runs the task."""

LOOP: Final = "jvscheduler-loop"
"""The service account of loops' pods, the ClusterRole that it is bound to, and how the names
of their Deployments begin."""

LOOP_LABEL: Final = f"{GROUP}/loop"
"""On loops' Deployments and pods: the Deployment's name."""

LOOP_CONTAINER: Final = "loop"
WORKER_CONTAINER: Final = "worker"
"""The containers of a loop's pod: the one that decides and records, and the one that runs."""

FIELD_MANAGER: Final = "jvscheduler-operator"

DATABASE_SECRET: Final = "jvscheduler-database"  # noqa: S105 - a name, not a password
"""In each namespace of tasks: the Secret that holds the history's address."""

DATABASE_SECRET_KEY: Final = "url"  # noqa: S105

MAX_RESOURCE_NAME: Final = 52
"""A CronJob appends 11 characters to its name, and a Job's name has at most 63."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HASH_LENGTH: Final = 8
_NOT_DNS = re.compile(r"[^a-z0-9]+")
_SCHEDULED_JOB = re.compile(r"(?P<cron_job>.+)-(?:(?P<minutes>[0-9]{8,9})|(?P<seconds>[0-9]{10}))")


def resource_name(task_id: str) -> str:
    """The DNS name of a task's resource: `shop.tasks.clean_up` → `shop-tasks-clean-up`.

    Ids that differ only in case or punctuation collide; the build reports that.
    An id that is too long keeps its end, the telling part, behind a hash.
    """
    name = _NOT_DNS.sub("-", task_id.lower()).strip("-")
    if name and len(name) <= MAX_RESOURCE_NAME:
        return name
    digest = hashlib.sha256(task_id.encode()).hexdigest()[:_HASH_LENGTH]
    tail = name[-(MAX_RESOURCE_NAME - _HASH_LENGTH - 2) :].strip("-")
    return f"t{digest}-{tail}".strip("-")


def scheduled_job_id(namespace: str, task_id: str, scheduled_time: datetime) -> str:
    """The history id of a due instant; creating it if absent is the claim to run it.

    The namespace is part of it: two namespaces that run the same tasks on one
    database must not take each other's instants. Seconds are enough, no
    schedule is finer. The form `o.<class>.<suffix>` is jvspatial's.
    """
    return f"o.ScheduledJob.{_task_digest(namespace, task_id)}-{_unix_seconds(scheduled_time)}"


def manual_job_id(namespace: str, task_id: str, job_name: str) -> str:
    """The history id of a run that no schedule asked for, by its Kubernetes Job's name."""
    digest = hashlib.sha256(job_name.encode()).hexdigest()[:16]
    return f"o.ScheduledJob.{_task_digest(namespace, task_id)}-manual-{digest}"


def revision_id(namespace: str, task_id: str, since: datetime) -> str:
    """The history id of a task's definition that is in force from an instant."""
    micros = (since - _EPOCH) // timedelta(microseconds=1)
    return f"o.ScheduleRevision.{_task_digest(namespace, task_id)}-{micros}"


def slot_id(namespace: str, task_id: str, number: int) -> str:
    """The history id of one of the places that a task's concurrent runs hold, from 0."""
    return f"o.TaskSlot.{_task_digest(namespace, task_id)}-{number}"


def scheduled_job_name(name: str, scheduled_time: datetime) -> str:
    """The name of the Job of a due instant.

    On the full minute it is the CronJob controller's, `<cron job>-<unix minutes>`
    (kubernetes `pkg/controller/cronjob/utils.go`, `getJobName`). Other instants
    are none of its own; theirs has Unix seconds, which are told by their ten digits.
    """
    seconds = _unix_seconds(scheduled_time)
    return f"{name}-{seconds if seconds % 60 else seconds // 60}"


def scheduled_time_of(job_name: str, cron_job_name: str) -> datetime | None:
    """The due instant of a Job that has such a name; None when it was made by hand."""
    match = _SCHEDULED_JOB.fullmatch(job_name)
    if match is None or match["cron_job"] != cron_job_name:
        return None
    seconds = int(match["seconds"] or 0) or int(match["minutes"]) * 60
    return datetime.fromtimestamp(seconds, tz=UTC)


def _task_digest(namespace: str, task_id: str) -> str:
    return hashlib.sha256(f"{namespace}/{task_id}".encode()).hexdigest()[:20]


def _unix_seconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError(f"the scheduled time must be aware, got {instant.isoformat()}")
    return int(instant.timestamp())
