"""Names that several parts derive from the same facts.

The operator names a CronJob, the runner reads the name of its Job, and the
server reads both. Each name is a pure function of the thing that it names. So
no part keeps a table of names, and no part can miss an entry after a restart.
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

LOCAL_NAMESPACE: Final = "dev"
"""The namespace in the history of tasks that run in no cluster: under `jvscheduler dev`, in a
user's own server."""

TASK_LABEL: Final = f"{GROUP}/task"
"""Label of CronJobs, Jobs and pods: the ScheduledTask's `metadata.name`."""

TASK_ID_ANNOTATION: Final = f"{GROUP}/task-id"
"""Annotation of pods: the task's id. It may be too long for a label."""

GIVEN_UP_ANNOTATION: Final = f"{GROUP}/given-up"
"""Annotation of Jobs that the operator gave up before they started: the reason of their record."""

JOB_NAME_LABEL: Final = "batch.kubernetes.io/job-name"
"""Label that Kubernetes sets on the pods of a Job."""

TASK_CONTAINER: Final = "task"
"""The container that runs the task, in a task's pod."""

LOOP_PREFIX: Final = "jvscheduler-loop"
"""The first part of the name of each loop's Deployment. A digest follows."""

LOOP_ACCOUNT: Final = "jvscheduler-loop"
"""The service account of loops' pods, unless a template names another."""

LOOP_ROLE: Final = "jvscheduler-loop"
"""The ClusterRole of loops' service accounts, and the first part of its bindings' names."""

LOOP_LABEL: Final = f"{GROUP}/loop"
"""Label of loops' Deployments and pods: the Deployment's name."""

LOOP_CONTAINER: Final = "loop"
WORKER_CONTAINER: Final = "worker"
"""The containers of a loop's pod. `loop` decides and records; `worker` runs the tasks."""

APPLICATION_LABEL: Final = f"{GROUP}/application"
"""Label of ScheduledTasks: the application whose code has the task."""

FIELD_MANAGER: Final = "jvscheduler-operator"

APPLY_MANAGER: Final = "jvscheduler-apply"
"""The field manager of `jvscheduler apply`."""

DATABASE_SECRET: Final = "jvscheduler-database"  # noqa: S105 - a name, not a password
"""The Secret with the history's address, in each namespace that has tasks."""

DATABASE_SECRET_KEY: Final = "url"  # noqa: S105

DATABASE_AUTHORITY_KEY: Final = "ca.crt"
"""The key of that Secret with the certificates of who signed the database's."""

DATABASE_ANNOTATION: Final = f"{GROUP}/database"
"""Annotation of loops' pods: a digest of the address that the Secret had when the pod was made."""

MAX_RESOURCE_NAME: Final = 52
"""A CronJob appends 11 characters to its name, and a Job's name has at most 63."""

_MOST_ROLE_CHARACTERS: Final = 60
"""PostgreSQL cuts a longer name than 63 without an error: two namespaces would be one role."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HASH_LENGTH: Final = 8
_MOST_DIGITS: Final = 11
"""The most digits of a time in Unix seconds: enough up to the year 5138."""
_NOT_DNS = re.compile(r"[^a-z0-9]+")
_SCHEDULED_JOB = re.compile(r"(?P<cron_job>.+)-(?:(?P<minutes>[0-9]{8,9})|(?P<seconds>[0-9]{10}))")


def resource_name(task_id: str) -> str:
    """The DNS name of a task's resource: `shop.tasks.clean_up` → `shop-tasks-clean-up`.

    Two ids that differ only in case or punctuation have the same name; `build`
    refuses that. An id that is too long is cut: its hash comes first, then its
    end, which is what tells tasks apart.
    """
    name = _NOT_DNS.sub("-", task_id.lower()).strip("-")
    # An id of punctuation only leaves nothing that can be a name.
    if name and len(name) <= MAX_RESOURCE_NAME:
        return name
    digest = hashlib.sha256(task_id.encode()).hexdigest()[:_HASH_LENGTH]
    tail = name[-(MAX_RESOURCE_NAME - _HASH_LENGTH - 2) :].strip("-")
    return f"t{digest}-{tail}".strip("-")


def scheduled_job_id(namespace: str, task_id: str, scheduled_time: datetime) -> str:
    """The history's id for the job of a due instant. Creating this record is the claim.

    The id contains the namespace. Without it, two namespaces with the same tasks
    and one database would claim each other's jobs. It counts in seconds, because
    no schedule is finer. The form `o.<class>.<suffix>` is jvspatial's.
    """
    return f"o.ScheduledJob.{_task_digest(namespace, task_id)}-{_unix_seconds(scheduled_time)}"


def scheduled_time_in_id(job_id: str, namespace: str, task_id: str) -> datetime | None:
    """The due instant in the id of a task's job. None: it is no id of such a job."""
    prefix, _, seconds = job_id.rpartition("-")
    own_prefix = scheduled_job_id(namespace, task_id, _EPOCH).rpartition("-")[0]
    if prefix != own_prefix or not (seconds.isdecimal() and len(seconds) <= _MOST_DIGITS):
        return None
    return _EPOCH + timedelta(seconds=int(seconds))


def manual_job_id(namespace: str, task_id: str, job_name: str) -> str:
    """The history's id for a job that was started by hand, from its Kubernetes Job's name."""
    digest = hashlib.sha256(job_name.encode()).hexdigest()[:16]
    return f"o.ScheduledJob.{_task_digest(namespace, task_id)}-manual-{digest}"


def is_job_id(job_id: str, namespace: str, task_id: str) -> bool:
    """True for an id that one of the functions above gives to a job of this task."""
    return job_id.startswith(f"o.ScheduledJob.{_task_digest(namespace, task_id)}-")


def revision_id(namespace: str, task_id: str, since: datetime) -> str:
    """The history's id for the revision of a task that is in force since an instant."""
    micros = (since - _EPOCH) // timedelta(microseconds=1)
    return f"o.ScheduleRevision.{_task_digest(namespace, task_id)}-{micros}"


def presence_id(namespace: str, scheduler: str) -> str:
    """The history's id for the row of a scheduler without a cluster."""
    return f"o.SchedulerPresence.{_task_digest(namespace, scheduler)}"


def takeover_id(revision_id: str) -> str:
    """The history's id for a takeover that is not settled. It began with this revision."""
    return f"o.UnsettledTakeover.{revision_id.rpartition('.')[2]}"


def slot_id(namespace: str, task_id: str, number: int) -> str:
    """The history's id for one concurrency slot of a task. Numbers begin at 0."""
    return f"o.TaskSlot.{_task_digest(namespace, task_id)}-{number}"


def scheduled_job_name(name: str, scheduled_time: datetime) -> str:
    """The name of the Job of a due instant.

    On a full minute it is the name that the CronJob controller gives:
    `<cron job>-<unix minutes>` (kubernetes `pkg/controller/cronjob/utils.go`,
    `getJobName`). Only a loop is due at another second. Its names end in Unix
    seconds, which have ten digits where minutes have eight or nine.
    """
    seconds = _unix_seconds(scheduled_time)
    return f"{name}-{seconds if seconds % 60 else seconds // 60}"


def scheduled_time_of(job_name: str, cron_job_name: str) -> datetime | None:
    """The due instant in a Job's name. None: the Job was created by hand."""
    match = _SCHEDULED_JOB.fullmatch(job_name)
    # A user may create a Job by hand, and its name may end in digits too. Only the prefix of the
    # task's CronJob makes the digits a scheduled time.
    if match is None or match["cron_job"] != cron_job_name:
        return None
    seconds = int(match["seconds"] or 0) or int(match["minutes"]) * 60
    return datetime.fromtimestamp(seconds, tz=UTC)


def namespace_role(namespace: str) -> str:
    """A namespace's role in PostgreSQL, and its schema: `my-shop` → `ns_my_shop`.

    The database computes the same name when it makes the namespace. The operator needs it while
    the database is away: a loop's pod does not start without the Secret that holds it. No two
    namespaces have the same name, because a namespace has no underscore.
    """
    plain = namespace.replace("-", "_")
    if len(plain) + len("ns_") <= _MOST_ROLE_CHARACTERS:
        return f"ns_{plain}"
    return f"nsh_{hashlib.sha256(namespace.encode()).hexdigest()[:16]}_{plain[-40:]}"


def _task_digest(namespace: str, task_id: str) -> str:
    return hashlib.sha256(f"{namespace}/{task_id}".encode()).hexdigest()[:20]


def _unix_seconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError(f"the scheduled time must be aware, got {instant.isoformat()}")
    return int(instant.timestamp())
