"""Pods, Jobs, CronJobs and tasks as the server sees them.

All are frozen and in the server's own words, so that `join` and `repair` decide without
knowing the shape of Kubernetes' objects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from jvscheduler.outcomes import Outcome, Reason

REPORTED_FIELDS: Final = (
    "active",
    "lastScheduleTime",
    "lastSuccessfulTime",
    "consecutiveFailures",
    "lastJob",
)
"""The fields of a ScheduledTask's status that say what its jobs did."""

FAILING: Final = "Failing"
"""The type of the condition that the server writes."""

NamespacedName = tuple[str, str]
"""Identifies an object of a known kind in the cluster."""


class TaskKey(NamedTuple):
    """Identifies a task in the history and in the cluster. Its object may have another name."""

    namespace: str
    task_id: str


def by_namespace(keys: Iterable[TaskKey]) -> Mapping[str, list[str]]:
    """Return the tasks' ids by namespace: the history answers for one namespace at a time."""
    ids: dict[str, list[str]] = {}
    for namespace, task_id in keys:
        ids.setdefault(namespace, []).append(task_id)
    return ids


@dataclass(frozen=True)
class JobIdentity:
    """The job that a pod is an attempt of."""

    id: str
    """Id of its record."""
    name: str
    """Name of the Kubernetes Job."""
    task_id: str
    task_name: str
    """Name of the ScheduledTask."""
    scheduled_time: datetime | None = None
    """None: the Job was created by hand."""


@dataclass(frozen=True)
class Controller:
    """The object that made another one, as that one says."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True)
class TaskPod:
    """A pod of a task: one attempt of one job, as it was last seen."""

    uid: str
    name: str
    namespace: str
    job: JobIdentity
    """As its labels and its annotation say: see `jvscheduler_server.kubernetes.lineage`."""
    created_time: datetime
    phase: str
    node: str | None = None
    restarts: int = 0
    retry_count: int = 0
    """Number of attempts that may follow the first."""
    reason: str | None = None
    """Kubernetes' reason for the state that the pod is in, such as `OOMKilled`."""
    message: str | None = None
    """Kubernetes' own message to that reason: nothing that a container wrote."""
    output: str | None = None
    """What a container wrote that ended: its termination message, or the end of its log.

    Only who may read the pod's log may read it, so no message is made from it.
    """
    started: bool = False
    """True when the task's container has run, however briefly."""
    finished: bool = False
    """True when the task's container has ended, or can no longer start."""
    start_time: datetime | None = None
    completion_time: datetime | None = None
    exit_code: int | None = None
    disruption: str | None = None
    """Why Kubernetes removed the pod: eviction, preemption, a lost node."""
    reported: Outcome | None = None
    """The outcome that its runner left as the container's termination message."""
    refusal: str | None = None
    """Why the termination message is no outcome of this pod, though it looks like one."""
    deletion_time: datetime | None = None
    """When its deletion was requested."""
    deleted: bool = False
    """True when the pod no longer exists."""
    vanished: bool = False
    """True when it was deleted while the server did not watch, so its end was not seen."""
    controller: Controller | None = None

    @property
    def never_started(self) -> bool:
        """True when the task's container has not run. False when the pod's end was not seen."""
        # An outcome proves that it ran, even if the kubelet has not reported that yet. With an
        # exit code, the runtime has tried to run it: that attempt failed.
        was_tried = self.exit_code is not None and not self.was_not_found
        return not (self.started or self.vanished or self.reported is not None or was_tried)

    @property
    def was_not_found(self) -> bool:
        """True when the pod ended, and the kubelet found no container of the task.

        Mostly the container was never created. It may also have run and been lost.
        """
        return self.reason == "ContainerStatusUnknown"

    @property
    def was_ended_by_deletion(self) -> bool:
        """True when its deletion was requested before its container ended by itself."""
        if self.deletion_time is None:
            return self.deleted and not self.finished
        return self.completion_time is None or self.completion_time >= self.deletion_time


@dataclass(frozen=True)
class KubernetesJob:
    """A Job of a task."""

    name: str
    namespace: str
    finished: bool
    """True when Kubernetes makes no further attempt for it."""
    task_name: str = ""
    uid: str = ""
    identity: JobIdentity | None = None
    """None: it does not say its task's id."""
    created_time: datetime | None = None
    retry_count: int = 0
    """Number of attempts that may follow the first."""
    completed: bool = False
    """True when it ended with success."""
    failed: bool = False
    """True when it ended without success."""
    failed_pods: int = 0
    """Number of its pods that failed, as Kubernetes has counted them."""
    given_up: Reason | None = None
    """Why the operator ended it before it started."""


@dataclass(frozen=True)
class StartFailure:
    """A Kubernetes Event: why a CronJob could not make a Job, a Job no pod, or a pod not start.

    A pod that is named here waits for a volume.
    """

    namespace: str
    object_uid: str
    """Uid of the CronJob, the Job or the pod."""
    reason: str
    message: str
    last_time: datetime
    first_time: datetime | None = None
    """When it was seen first, if it says so."""


@dataclass(frozen=True)
class TaskCronJob:
    """The CronJob of a task: the fields that decide for which instants Jobs are created."""

    name: str
    namespace: str
    task_id: str
    schedule: str
    created_time: datetime
    changed_time: datetime
    """Time of the last edit by anyone, in whole seconds. Changes of its status do not count."""
    time_zone: str = "UTC"
    suspended: bool = False
    forbids_concurrency: bool = False
    starting_deadline_seconds: int | None = None
    max_concurrency: int = 1
    last_schedule_time: datetime | None = None
    """Kubernetes creates no more Jobs for instants up to this one."""
    uid: str = ""
    earlier: tuple["TaskCronJob", ...] = ()
    """Its former definitions, the oldest first, as far as they were watched."""

    @property
    def definition(self) -> tuple[object, ...]:
        """The fields that a revision of the task records."""
        return (
            self.schedule,
            self.time_zone,
            self.suspended,
            self.starting_deadline_seconds,
            self.max_concurrency,
        )

    @property
    def key(self) -> TaskKey:
        return TaskKey(self.namespace, self.task_id)


@dataclass(frozen=True)
class TaskState:
    """A task as it is scheduled now."""

    task_id: str
    name: str
    namespace: str
    schedule: str
    time_zone: str = "UTC"
    suspended: bool = False
    ready: bool = True
    reason: str | None = None
    """Why it is not ready."""
    last_schedule_time: datetime | None = None
    next_schedule_time: datetime | None = None
    resolved_schedule: str | None = None
    """The schedule with a value for each `H`; None without `H`."""
    backend: str | None = None
    """`CronJob` or `Loop`, as the operator wrote it in the status."""
    is_conflicting: bool = False
    """True when an older task has its id: the jobs with that id are the older one's."""
    uid: str = ""
    """The uid of its ScheduledTask."""
    generation: int = 0
    reported: Mapping[str, Any] = field(default_factory=dict)
    """The part of its status about its jobs, as the API has it: see `task_status`."""

    @property
    def key(self) -> TaskKey:
        return TaskKey(self.namespace, self.task_id)
