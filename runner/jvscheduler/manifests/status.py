"""The model of a ScheduledTask's status. The schema of the CRD is generated from it.

The operator and the server each write their own fields. Neither parses a status with this model:
a newer version may have written it.
"""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field
from pydantic.config import JsonDict

from jvscheduler.manifests.spec import ApiModel
from jvscheduler.tasks import Backend

_BY_TYPE: Final[JsonDict] = {
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["type"],
}


class Condition(ApiModel):
    """One aspect of the task's state, in the form of all conditions in Kubernetes."""

    type: str = Field(description="The name of the condition, such as Ready.", max_length=316)
    status: Literal["True", "False", "Unknown"] = Field(
        description="True when the condition holds."
    )
    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that the condition is about."
    )
    last_transition_time: datetime = Field(
        description="When the status of the condition changed last."
    )
    reason: str = Field(
        description="Why the status is what it is, as one CamelCase word.",
        max_length=1024,
        pattern="^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
    )
    message: str = Field(
        description="Why the status is what it is, as a text for people.", max_length=32768
    )


class LastJob(ApiModel):
    """The last due instant of the task whose job has ended, or did not run."""

    scheduled_time: datetime = Field(description="The due instant of the job.")
    status: str = Field(
        description="How it ended: completed, failed, timeout, missed or skipped.", max_length=63
    )
    reason: str | None = Field(
        default=None, description="Why, as one CamelCase word.", max_length=1024
    )


class ScheduledTaskStatus(ApiModel):
    """The state of the task, as the operator and the server see it."""

    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that this status is about."
    )
    backend: Backend | None = Field(
        default=None,
        description="What carries the task now: a CronJob of the same name, or a loop.",
    )
    loop: str | None = Field(
        default=None, description="The Deployment of the loop that serves the task now."
    )
    active: int = Field(
        default=0,
        ge=0,
        description="How many jobs of the task are running now, or wait for their pod or a retry.",
    )
    last_schedule_time: datetime | None = Field(
        default=None, description="The last due instant for which a job was started."
    )
    last_successful_time: datetime | None = Field(
        default=None, description="When a job of the task completed last."
    )
    consecutive_failures: int | None = Field(
        default=None,
        ge=0,
        description="How many jobs have failed or timed out since the last one that completed.",
    )
    last_job: LastJob | None = Field(
        default=None, description="The last due instant whose job has ended, or did not run."
    )
    resolved_schedule: str | None = Field(
        default=None,
        description="The cron fields of spec.schedule with a value for each H. Absent without H.",
    )
    next_schedule_time: datetime | None = Field(
        default=None, description="When the task is due next. Absent while it is suspended."
    )
    conditions: list[Condition] = Field(
        default_factory=list,
        description="Accepted: the spec is valid. Ready: a CronJob or a loop serves the task as "
        "the spec asks. Suspended: present while spec.suspend is true. Failing: present while the "
        "last jobs that ran have failed.",
        json_schema_extra=_BY_TYPE,
    )
