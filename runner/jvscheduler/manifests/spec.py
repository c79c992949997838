"""The model of a ScheduledTask's spec.

The schema of the CRD is generated from it. The operator and the loop parse
objects with it. Field names are those of CronJob and Job where they mean the
same. Rules that only the API server can check, such as immutability, are CEL
rules of their field.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict

from jvscheduler.arguments.values import MAX_ARGS
from jvscheduler.manifests import patterns, rules, templates
from jvscheduler.schedules import MAX_TEXT, Dst
from jvscheduler.schedules.jitter import MAX_JITTER
from jvscheduler.tasks import (
    JOB_RETRY_SECONDS,
    MAX_CONCURRENT,
    MAX_DESCRIPTION,
    MAX_ENTRYPOINT,
    MAX_EXCEPTION,
    MAX_HISTORY,
    MAX_NO_RETRY,
    MAX_RETRIES,
    MAX_RETRY_DELAY,
    MAX_SECONDS,
    MAX_TASK_ID,
    MIN_STARTING_DEADLINE,
    Backend,
    ConcurrencyPolicy,
)
from jvscheduler.zones import MAX_NAME

_ANY_JSON: Final[JsonDict] = {"x-kubernetes-preserve-unknown-fields": True}


ExceptionName = Annotated[
    str,
    Field(
        max_length=MAX_EXCEPTION,
        pattern=patterns.EXCEPTION,
        description="The dotted name of an exception.",
        json_schema_extra=rules.EXCEPTION,
    ),
]


def _api_key(field: str) -> str:
    return "taskID" if field == "task_id" else to_camel(field)


class ApiModel(BaseModel):
    """An object of the API: camelCase, no unknown field."""

    model_config = ConfigDict(
        alias_generator=_api_key, populate_by_name=True, extra="forbid", frozen=True
    )


class TemplateMetadata(ApiModel):
    """Labels and annotations of the task's pods."""

    model_config = ConfigDict(json_schema_extra=templates.METADATA)

    labels: dict[str, str] = Field(
        default_factory=dict,
        max_length=templates.MAX_LABELS,
        description="Labels that are added to the operator's own.",
    )
    annotations: dict[str, str] = Field(
        default_factory=dict,
        max_length=templates.MAX_LABELS,
        description="Annotations that are added to the operator's own.",
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
        json_schema_extra=templates.POD,
    )


class ScheduledTaskSpec(ApiModel):
    """When and how a decorated Python function runs."""

    model_config = ConfigDict(strict=True, json_schema_extra=rules.SPEC)

    task_id: str = Field(
        min_length=1,
        max_length=MAX_TASK_ID,
        pattern=patterns.TASK_ID,
        description="The id of the task in the history. It cannot be changed.",
        json_schema_extra=rules.TASK_ID,
    )
    entrypoint: str = Field(
        min_length=3,
        max_length=MAX_ENTRYPOINT,
        pattern=patterns.ENTRYPOINT,
        description="The function or Walker class to run, as package.module:name, or "
        "package.module:Class.name for a static method.",
        json_schema_extra=rules.ENTRYPOINT,
    )
    schedule: str = Field(
        min_length=1,
        max_length=MAX_TEXT,
        description="When the task is due: a phrase such as 'every 5 minutes', 'daily at 14:30', "
        "'daily at 09:00 and 17:00', 'every monday and friday at 09:00' or 'every 5 to 10 "
        "minutes', or five cron fields as in a CronJob. There H in the minute or hour is a value "
        "that follows from taskID.",
        json_schema_extra=rules.SCHEDULE,
    )
    time_zone: str = Field(
        default="UTC",
        min_length=1,
        max_length=MAX_NAME,
        pattern=patterns.TIME_ZONE,
        description="The IANA time zone in which the schedule is read, such as Europe/Berlin.",
        json_schema_extra=rules.TIME_ZONE,
    )
    dst: Dst = Field(
        default="cron",
        description="What happens when the clock of the time zone changes. 'cron': as in cron, a "
        "skipped time is not due and a repeated time is due twice. 'once': each time of a day is "
        "due once.",
    )
    jitter_seconds: int = Field(
        default=0,
        ge=0,
        le=MAX_JITTER,
        description="A job starts up to so many seconds after it is due. The delay is computed "
        "from taskID and the due instant.",
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
    retry_delay_seconds: int = Field(
        default=JOB_RETRY_SECONDS,
        ge=1,
        le=MAX_RETRY_DELAY,
        description="How many seconds pass before a job's second attempt. Each later pause is "
        "twice as long, at most 360. Less than 10 needs a loop.",
    )
    no_retry_on: list[ExceptionName] = Field(
        default_factory=list,
        max_length=MAX_NO_RETRY,
        description="Names of exceptions after which no further attempt of a job is made, such as "
        "ValueError or shop.errors.SoldOut. Their subclasses count too.",
    )
    description: str = Field(
        default="",
        max_length=MAX_DESCRIPTION,
        description="What the task is for. It is text for people.",
    )
    args: dict[str, Any] = Field(
        default_factory=dict,
        max_length=MAX_ARGS,
        description="Values for the function's own parameters, by their names.",
        json_schema_extra=_ANY_JSON,
    )
    args_schema: dict[str, Any] | None = Field(
        default=None,
        max_length=MAX_ARGS,
        description="What the function's parameters take, as JSON Schema. 'jvscheduler build' "
        "writes it. If absent, args are checked only when the task runs.",
        json_schema_extra=_ANY_JSON,
    )
    image: str = Field(
        min_length=1,
        max_length=patterns.MAX_IMAGE,
        pattern=patterns.IMAGE,
        description="The container image with the entrypoint's code, Python 3.11 or newer and "
        "'jvscheduler[runner]'.",
        json_schema_extra=rules.IMAGE,
    )
    starting_deadline_seconds: int | None = Field(
        default=None,
        ge=MIN_STARTING_DEADLINE,
        le=MAX_SECONDS,
        description="How many seconds after its scheduled time a job may still start. If absent, "
        "there is no limit. The least is 10, because Kubernetes looks every 10 seconds.",
    )
    successful_jobs_history_limit: int = Field(
        default=3,
        ge=0,
        le=MAX_HISTORY,
        description="How many completed Jobs are kept, with their pods. A loop creates no Jobs.",
    )
    failed_jobs_history_limit: int = Field(
        default=3,
        ge=0,
        le=MAX_HISTORY,
        description="How many failed Jobs are kept, with their pods. A loop creates no Jobs.",
    )
    template: PodTemplate | None = Field(
        default=None,
        description="A partial pod template. It is merged over the operator's own template.",
    )

    def to_json(self) -> dict[str, Any]:
        """Every field but the template, by the API's keys. `mapping` converts it further."""
        return self.model_dump(by_alias=True, exclude={"template"})
