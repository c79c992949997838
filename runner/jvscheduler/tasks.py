"""A task as its decorator states it: the definition that a CronJob, a loop and `dev` run.

It is frozen data without pydantic, which keeps the decorator fast to import.
The limits of its fields are here. The model of the custom resource takes them
from here, so that the decorator and the API server accept the same values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from jvscheduler.schedules import Schedule, parse_schedule

_NAME: Final = "[A-Za-z_][A-Za-z0-9_]*"
ENTRYPOINT_PATTERN: Final = rf"{_NAME}(\.{_NAME})*:{_NAME}(\.{_NAME})?"
TASK_ID_PATTERN: Final = "[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?"

MAX_TASK_ID: Final = 253
MAX_ENTRYPOINT: Final = 512
MAX_DESCRIPTION: Final = 1024
MAX_SECONDS: Final = 2**31 - 1
"""Kubernetes' own limit for `activeDeadlineSeconds` of a pod."""
MAX_CONCURRENT: Final = 1000
MAX_RETRIES: Final = 100
JOB_RETRY_SECONDS: Final = 10
"""A Kubernetes Job waits so long before its first retry, and twice as long before each further
one. Nothing can make it wait less."""
MAX_RETRY_DELAY: Final = 360
"""A Kubernetes Job waits no longer before any retry. So the longest pause is the same with either
backend."""
MAX_NO_RETRY: Final = 50
MAX_EXCEPTION: Final = 253
EXCEPTION_PATTERN: Final = rf"{_NAME}(\.{_NAME})*"
MIN_STARTING_DEADLINE: Final = 10
"""Seconds. Kubernetes looks every 10 seconds: with less, it might start no job at all."""
MAX_HISTORY: Final = 1000

Backend = Literal["CronJob", "Loop"]
ConcurrencyPolicy = Literal["Forbid", "Replace"]


@dataclass(frozen=True)
class Task:
    """One decorated function.

    `manifests.mapping` converts it to the spec of a ScheduledTask and back.
    """

    task_id: str
    """The history is keyed by it."""
    entrypoint: str
    """`package.module:name` of a function, a Walker class or a partial; `package.module:Class.name`
    of a static method."""
    schedule: Schedule
    enabled: bool = True
    """False: the task is suspended."""
    max_concurrent: int = 1
    """Jobs of this task that may run at once."""
    timeout_seconds: int | None = None
    """The limit of one attempt. None: there is no limit."""
    retry_count: int = 0
    """Attempts that may follow the first one of a job."""
    retry_delay_seconds: int = JOB_RETRY_SECONDS
    """The pause before the second attempt. Each further one is twice as long."""
    no_retry_on: tuple[str, ...] = ()
    """Names of exceptions after which no further attempt is made."""
    description: str = ""
    concurrency_policy: ConcurrencyPolicy = "Forbid"
    """What happens to a job over `max_concurrent`. Forbid: it is skipped. Replace: it ends the
    oldest job that runs."""
    starting_deadline_seconds: int | None = None
    """How late a job may start. None: there is no limit."""
    successful_jobs_history_limit: int = 3
    failed_jobs_history_limit: int = 3
    """How many ended Jobs Kubernetes keeps, with their pods. Only a CronJob has any."""
    backend: Backend | None = None
    """What carries the task in a cluster. None: a CronJob if it can, otherwise a loop."""
    template: Mapping[str, Any] | None = field(default=None, hash=False)
    """A partial pod template. A pod has what it says; `dev` follows what it can of it."""
    jitter_seconds: int = 0
    """A job starts so long after its due instant at most."""
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Values for the function's own parameters, as JSON."""
    args_schema: Mapping[str, Any] | None = field(default=None, hash=False)
    """What JSON its parameters take. None: nothing is known of them. The decorator leaves it to
    the discovery, because to read types takes long."""
    stated: Mapping[str, Any] = field(default_factory=lambda: {"time_zone": None}, compare=False)
    """The options that the decorator states. A project has defaults for the others, and a server
    its own time zone. A spec always has a time zone. Only `pod` and `template` have their values
    here: the task holds what both come to."""

    @property
    def shortest_pause(self) -> int | None:
        """Seconds before the first retry. None: there is no retry."""
        return self.retry_delay_seconds if self.retry_count else None

    @property
    def module(self) -> str:
        return self.entrypoint.partition(":")[0]

    def with_default_zone(self, time_zone: str) -> "Task":
        """The task with its schedule in this time zone, unless its decorator names another."""
        if "time_zone" in self.stated:
            return self
        own = self.schedule
        return replace(self, schedule=parse_schedule(own.text, time_zone, own.seed, own.dst))
