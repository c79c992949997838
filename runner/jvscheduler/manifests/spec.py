"""The model of a ScheduledTask's spec.

The schema of the CRD is generated from it. The operator and the loop parse
objects with it. Field names are those of CronJob and Job where they mean the
same. Rules that only the API server can check, such as immutability, are CEL
rules of their field.
"""

from typing import Any, Final

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
    """Pairs of a CEL rule and the message for the user whose object breaks it."""
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
_CRON_JOB_NOT_ASKED: Final = "!has(self.backend) || self.backend != 'CronJob'"
_CROSS_FIELD_RULES: Final = _validations(
    (
        f"self.dst == 'cron' || self.schedule.matches(r'{patterns.WALL_CLOCK}')",
        "dst is for wall-clock times, and this schedule is an interval, which no clock change "
        "moves: leave dst out",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || self.schedule.matches(r'{patterns.WALL_CLOCK}')",
        "no CronJob is due at the instants of this schedule: leave backend out, or say Loop",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || self.dst == 'cron'",
        "no CronJob is due at the instants of dst 'once': leave backend out, or say Loop",
    ),
    (
        f"{_CRON_JOB_NOT_ASKED} || self.concurrencyPolicy != 'Replace'",
        "a CronJob skips jobs over maxConcurrency: for concurrencyPolicy Replace leave backend "
        "out, or say Loop",
    ),
)
_KNOWN_ZONE: Final = _validations(
    (
        f"!self.matches(r'{patterns.MACHINE_ZONE}')",
        "must be an IANA time zone, and not the local zone of a machine",
    ),
    (
        "timestamp('2000-01-01T00:00:00Z').getHours(self) >= 0",
        "must be an IANA time zone such as Europe/Berlin",
    ),
)
_ANY_FIELDS: Final[JsonDict] = {"x-kubernetes-preserve-unknown-fields": True}


def _api_key(field: str) -> str:
    return "taskID" if field == "task_id" else to_camel(field)


class ApiModel(BaseModel):
    """An object of the API: camelCase, no unknown field."""

    model_config = ConfigDict(
        alias_generator=_api_key, populate_by_name=True, extra="forbid", frozen=True
    )


class TemplateMetadata(ApiModel):
    """Labels and annotations of the task's pods."""

    labels: dict[str, str] = Field(
        default_factory=dict, description="Labels that are added to the operator's own."
    )
    annotations: dict[str, str] = Field(
        default_factory=dict, description="Annotations that are added to the operator's own."
    )


class PodTemplate(ApiModel):
    """A partial pod template. It is merged over the operator's own template."""

    metadata: TemplateMetadata = Field(
        default_factory=TemplateMetadata, description="Labels and annotations of the task's pods."
    )
    spec: dict[str, Any] = Field(
        default_factory=dict,
        description="A partial pod spec, as in a Job: resources, env, volumes, nodeSelector, "
        "serviceAccountName and so on. The container 'task' is merged with the one that runs the "
        "task. Other containers are added.",
        json_schema_extra=_ANY_FIELDS,
    )


class ScheduledTaskSpec(ApiModel):
    """When and how a decorated Python function runs."""

    model_config = ConfigDict(strict=True, json_schema_extra=_CROSS_FIELD_RULES)

    task_id: str = Field(
        min_length=1,
        max_length=MAX_TASK_ID,
        pattern=patterns.TASK_ID,
        description="The id of the task in the history. It cannot be changed.",
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
        "'every monday and friday at 09:00' or 'every 5 to 10 minutes', or five cron fields as in "
        "a CronJob.",
        json_schema_extra=_SCHEDULE,
    )
    time_zone: str = Field(
        default="UTC",
        min_length=1,
        max_length=MAX_NAME,
        pattern=patterns.TIME_ZONE,
        description="The IANA time zone in which the schedule is read, such as Europe/Berlin.",
        json_schema_extra=_KNOWN_ZONE,
    )
    dst: Dst = Field(
        default="cron",
        description="What happens when the clock of the time zone changes. 'cron': as in cron, a "
        "skipped time is not due and a repeated time is due twice. 'once': each time of a day is "
        "due once.",
    )
    backend: Backend | None = Field(
        default=None,
        description="What carries the task. 'CronJob': a pod for each job. 'Loop': a process "
        "for each job, in a pod that is already running. If absent: a CronJob if it can do "
        "exactly what the spec asks for, otherwise a loop.",
    )
    suspend: bool = Field(
        default=False, description="True: no new job is started. Running jobs go on."
    )
    max_concurrency: int = Field(
        default=1,
        ge=1,
        le=MAX_CONCURRENT,
        description="How many jobs of this task may run at once, with either backend.",
    )
    concurrency_policy: ConcurrencyPolicy = Field(
        default="Forbid",
        description="What happens to a job over maxConcurrency. 'Forbid': it is skipped. "
        "'Replace': it ends the oldest running job and starts; only a loop can do this.",
    )
    active_deadline_seconds: int | None = Field(
        default=None,
        ge=1,
        le=MAX_SECONDS,
        description="How many seconds one attempt may run before it is stopped. If absent, there "
        "is no limit.",
    )
    backoff_limit: int = Field(
        default=0,
        ge=0,
        le=MAX_RETRIES,
        description="How many attempts of a job may follow its first one, if that one fails.",
    )
    description: str = Field(
        default="",
        max_length=MAX_DESCRIPTION,
        description="What the task is for. It is text for people.",
    )
    image: str = Field(
        min_length=1,
        max_length=MAX_IMAGE,
        pattern=patterns.IMAGE,
        description="The container image with the entrypoint's code, Python 3.11 or newer and "
        "'jvscheduler[runner]'.",
    )
    starting_deadline_seconds: int | None = Field(
        default=None,
        ge=10,
        le=MAX_SECONDS,
        description="How many seconds after its scheduled time a job may still start. If absent, "
        "there is no limit. The least is 10, because Kubernetes looks every 10 seconds.",
    )
    successful_jobs_history_limit: int = Field(
        default=3,
        ge=0,
        le=_MAX_HISTORY,
        description="How many completed Jobs are kept, with their pods. A loop creates no Jobs.",
    )
    failed_jobs_history_limit: int = Field(
        default=3,
        ge=0,
        le=_MAX_HISTORY,
        description="How many failed Jobs are kept, with their pods. A loop creates no Jobs.",
    )
    template: PodTemplate | None = Field(
        default=None,
        description="A partial pod template. It is merged over the operator's own template.",
    )

    def to_json(self) -> dict[str, Any]:
        """Every field but the template, by the API's keys. `mapping` converts it further."""
        return self.model_dump(by_alias=True, exclude={"template"})
