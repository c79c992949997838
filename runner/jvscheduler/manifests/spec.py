"""The one model of a ScheduledTask's spec and status.

The CRD's schema is generated from it, the operator reads objects with it and
the build writes them from it, so the three cannot differ. Field names follow
CronJob and Job where they mean the same. Rules that only the API server can
hold, such as immutability, are CEL beside their field.
"""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

from jvscheduler.manifests import patterns
from jvscheduler.manifests.backends import Backend, ConcurrencyPolicy
from jvscheduler.schedules import MAX_TEXT, Dst
from jvscheduler.tasks import (
    MAX_CONCURRENT,
    MAX_DESCRIPTION,
    MAX_ENTRYPOINT,
    MAX_RETRIES,
    MAX_SECONDS,
    MAX_TASK_ID,
)
from jvscheduler.zones import MAX_NAME

MAX_IMAGE: Final = 1024
_MAX_HISTORY: Final = 1000


def _validations(*rules: tuple[str, str]) -> JsonDict:
    """CEL rules, each with the message for the user whose object it refuses."""
    return {"x-kubernetes-validations": [{"rule": r, "message": m} for r, m in rules]}


_IMMUTABLE: Final = _validations(
    (
        "self == oldSelf",
        "taskID is immutable, the history is keyed by it: create another ScheduledTask instead",
    )
)
_SCHEDULE: Final = _validations(
    (
        f"self.matches(r'{patterns.SCHEDULE}')",
        "must be a phrase such as 'every 5 minutes', 'every 5 to 10 minutes', 'daily at 14:30', "
        "'every weekday at 08:15', 'weekly on monday' or 'monthly on 15 at 12:00', or five cron "
        "fields",
    )
)
_NOT_OF_A_CRON_JOB: Final = "!has(self.backend) || self.backend != 'CronJob'"
_TOGETHER: Final = _validations(
    (
        f"self.dst == 'cron' || self.schedule.matches(r'{patterns.WALL_CLOCK}')",
        "dst is for times of the wall clock, and this schedule is an interval, which no clock "
        "change moves: leave dst out",
    ),
    (
        f"{_NOT_OF_A_CRON_JOB} || self.schedule.matches(r'{patterns.WALL_CLOCK}')",
        "no CronJob is due at the instants of this schedule: leave backend out, or say Loop",
    ),
    (
        f"{_NOT_OF_A_CRON_JOB} || self.dst == 'cron'",
        "no CronJob is due at the instants of dst 'once': leave backend out, or say Loop",
    ),
    (
        f"{_NOT_OF_A_CRON_JOB} || self.concurrencyPolicy != 'Replace'",
        "with a CronJob, what is over maxConcurrency is skipped: for concurrencyPolicy Replace "
        "leave backend out, or say Loop",
    ),
)
_KNOWN_ZONE: Final = _validations(
    (
        f"!self.matches(r'{patterns.MACHINE_ZONE}')",
        "must be an IANA time zone, not the one of a machine",
    ),
    (
        "timestamp('2000-01-01T00:00:00Z').getHours(self) >= 0",
        "must be an IANA time zone such as Europe/Berlin",
    ),
)
_ANY_FIELDS: Final[JsonDict] = {"x-kubernetes-preserve-unknown-fields": True}
_BY_TYPE: Final[JsonDict] = {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
}


def _key(field: str) -> str:
    return "taskID" if field == "task_id" else to_camel(field)


class _Part(BaseModel):
    model_config = ConfigDict(
        alias_generator=_key, populate_by_name=True, extra="forbid", frozen=True
    )


class TemplateMetadata(_Part):
    """Metadata of the task's pods."""

    labels: dict[str, str] = Field(
        default_factory=dict, description="Labels of the pods, added to the operator's."
    )
    annotations: dict[str, str] = Field(
        default_factory=dict, description="Annotations of the pods, added to the operator's."
    )


class PodTemplate(_Part):
    """Part of a pod template, merged over the operator's own."""

    metadata: TemplateMetadata = Field(
        default_factory=TemplateMetadata, description="Labels and annotations of the task's pods."
    )
    spec: dict[str, Any] = Field(
        default_factory=dict,
        description="Part of a pod's spec, as in a Job: resources, env, volumes, nodeSelector, "
        "serviceAccountName and so on. The container named 'task' is merged with the one that "
        "runs the task; other containers are added.",
        json_schema_extra=_ANY_FIELDS,
    )


class ScheduledTaskSpec(_Part):
    """When and how a decorated Python function runs."""

    model_config = ConfigDict(strict=True, json_schema_extra=_TOGETHER)

    task_id: str = Field(
        min_length=1,
        max_length=MAX_TASK_ID,
        pattern=patterns.TASK_ID,
        description="What the history of this task is keyed by; cannot be changed.",
        json_schema_extra=_IMMUTABLE,
    )
    entrypoint: str = Field(
        min_length=3,
        max_length=MAX_ENTRYPOINT,
        pattern=patterns.ENTRYPOINT,
        description="The function or Walker class to run, as package.module:name.",
    )
    schedule: str = Field(
        min_length=1,
        max_length=MAX_TEXT,
        description="When the task is due: a phrase such as 'every 5 minutes', 'daily at 14:30', "
        "'every monday and friday at 09:00', 'every 5 to 10 minutes', or five cron fields as in a "
        "CronJob.",
        json_schema_extra=_SCHEDULE,
    )
    time_zone: str = Field(
        default="UTC",
        min_length=1,
        max_length=MAX_NAME,
        pattern=patterns.TIME_ZONE,
        description="IANA name of the time zone in whose wall-clock time the schedule is read.",
        json_schema_extra=_KNOWN_ZONE,
    )
    dst: Dst = Field(
        default="cron",
        description="Where the zone's clock changes: 'cron', a skipped time is not due and a "
        "repeated one is due twice; 'once', each of a day's times has one run.",
    )
    backend: Backend | None = Field(
        default=None,
        description="What starts the task's jobs: 'CronJob', a pod for each; 'Loop', a process "
        "forked in a pod that is already there. If absent, a CronJob where one is due at the very "
        "same instants, else the loop.",
    )
    suspend: bool = Field(
        default=False, description="Whether no new jobs are started; running ones are left alone."
    )
    max_concurrency: int = Field(
        default=1,
        ge=1,
        le=MAX_CONCURRENT,
        description="Jobs of this task that may run at once; across both backends.",
    )
    concurrency_policy: ConcurrencyPolicy = Field(
        default="Forbid",
        description="What becomes of a job over maxConcurrency: 'Forbid' skips it, 'Replace' ends "
        "the oldest one that runs, which takes the loop.",
    )
    active_deadline_seconds: int | None = Field(
        default=None,
        ge=1,
        le=MAX_SECONDS,
        description="Seconds that one attempt may take before it is stopped; no limit if absent.",
    )
    backoff_limit: int = Field(
        default=0,
        ge=0,
        le=MAX_RETRIES,
        description="Attempts of the same job that may follow a failed first one.",
    )
    description: str = Field(
        default="",
        max_length=MAX_DESCRIPTION,
        description="What the task is for, in its author's words.",
    )
    image: str = Field(
        min_length=1,
        max_length=MAX_IMAGE,
        pattern=patterns.IMAGE,
        description="Container image that holds the entrypoint, made from jvscheduler's runner.",
    )
    starting_deadline_seconds: int | None = Field(
        default=None,
        ge=10,
        le=MAX_SECONDS,
        description="Seconds after its scheduled time in which a job may still be started; "
        "no limit if absent. Kubernetes looks every 10 seconds.",
    )
    successful_jobs_history_limit: int = Field(
        default=3,
        ge=0,
        le=_MAX_HISTORY,
        description="Completed Jobs, with their pods, that are kept.",
    )
    failed_jobs_history_limit: int = Field(
        default=3, ge=0, le=_MAX_HISTORY, description="Failed Jobs, with their pods, that are kept."
    )
    template: PodTemplate | None = Field(
        default=None, description="Part of a pod template, merged over the operator's own."
    )

    def to_json(self) -> dict[str, Any]:
        """All but the template, by the API's keys; `mapping` converts it further."""
        return self.model_dump(by_alias=True, exclude={"template"})


class Condition(_Part):
    """One aspect of the task's state, as Kubernetes writes conditions."""

    type: str = Field(description="Aspect that this is about, such as Ready.", max_length=316)
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="metadata.generation that this was found for."
    )
    last_transition_time: datetime = Field(description="When the status last changed.")
    reason: str = Field(
        description="Why, as one CamelCase word.",
        max_length=1024,
        pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
    )
    message: str = Field(description="Why, for people.", max_length=32768)


class ScheduledTaskStatus(_Part):
    """What the operator made of the spec, and what is going on."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="metadata.generation that this status was made for."
    )
    backend: Backend | None = Field(
        default=None,
        description="What starts the task's jobs now: a CronJob of the same name, or a loop.",
    )
    loop: str | None = Field(
        default=None, description="Name of the loop's Deployment that serves the task now."
    )
    active: int = Field(default=0, ge=0, description="Jobs that are running now.")
    last_schedule_time: datetime | None = Field(
        default=None, description="Scheduled time of the last job that was started."
    )
    next_schedule_time: datetime | None = Field(
        default=None, description="When the task is due next; absent while it is suspended."
    )
    conditions: list[Condition] = Field(
        default_factory=list,
        description="Accepted: the spec can be used. Ready: the task is being scheduled. "
        "Suspended: present while it is.",
        json_schema_extra=_BY_TYPE,
    )
