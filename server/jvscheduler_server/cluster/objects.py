"""What the server knows of the place where tasks run, and the seam through which it asks.

Reads are answered from memory: a request of the API never waits for an API
server. `KubernetesCluster` keeps the memory fresh by watching, `LocalCluster`
has no pods at all. Everything is frozen and in our words, so that `join` and
`sweep` decide without knowing Kubernetes' own shapes.
"""

from dataclasses import dataclass
from datetime import datetime

from jvscheduler.outcomes import Outcome


@dataclass(frozen=True)
class TaskPod:
    """One pod of a task: one attempt of one job.

    `reported` is the outcome that its runner left as termination message;
    `reason` and `message` are Kubernetes' own words for the state it is in.
    """

    uid: str
    name: str
    namespace: str
    job_id: str
    task_id: str
    task_name: str
    job_name: str
    created_time: datetime
    phase: str
    scheduled_time: datetime | None = None
    node: str | None = None
    restarts: int = 0
    retry_count: int = 0
    reason: str | None = None
    message: str | None = None
    started: bool = False
    finished: bool = False
    start_time: datetime | None = None
    completion_time: datetime | None = None
    exit_code: int | None = None
    disrupted: str | None = None
    """Why Kubernetes took the pod away (eviction, preemption, a lost node)."""
    reported: Outcome | None = None
    deletion_time: datetime | None = None
    """When its deletion was asked for."""
    deleted: bool = False
    """The pod is gone; this is the last that was seen of it."""
    vanished: bool = False
    """It went while the server was not watching, so the last seen may not be the end."""

    @property
    def was_deleted_first(self) -> bool:
        """Whether its deletion came before its container's end, and so is the cause of it."""
        if self.deletion_time is None:
            return self.deleted and not self.finished
        return self.completion_time is None or self.completion_time >= self.deletion_time


@dataclass(frozen=True)
class KubernetesJob:
    """A Job of a task: `finished` when Kubernetes makes no further attempt for it."""

    name: str
    namespace: str
    finished: bool
    task_name: str = ""


@dataclass(frozen=True)
class TaskCronJob:
    """The CronJob of a task, as far as it decides which Jobs there are."""

    name: str
    namespace: str
    task_id: str
    schedule: str
    created_time: datetime
    changed_time: datetime
    """Of its last edit by anyone, to the second; Kubernetes' own notes do not count."""
    time_zone: str = "UTC"
    suspended: bool = False
    forbids_concurrency: bool = False
    starting_deadline_seconds: int | None = None
    max_concurrency: int = 1
    last_schedule_time: datetime | None = None
    """Kubernetes starts nothing for an instant up to this one any more."""


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
    backend: str | None = None
    """`CronJob` or `Loop`, as the operator wrote it."""
