"""A job as the API shows it. `JobAnswer` and `JobSummary` are the only lists of its fields.

`build_job` and `build_summary` copy every field of the record that has the same name, so a new
field of the answer is one line here.
"""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import Status
from jvscheduler_server.cluster.objects import TaskPod


class PodAnswer(BaseModel):
    """The newest pod of a job, in Kubernetes' own words."""

    name: str
    namespace: str
    phase: str | None = Field(
        description="null: the pod is gone, and the record knows only its name and node."
    )
    node: str | None
    restarts: int | None
    reason: str | None = Field(description="Why it waits or ended, such as `ErrImagePull`.")
    message: str | None = Field(description="Never what a container wrote: see `log_tail`.")


class AttemptAnswer(BaseModel):
    """One try of a job."""

    attempt_id: str = Field(description="In a cluster the pod's name.")
    number: int = Field(default=1, description="From 1.")
    status: Status
    reason: str | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    error_message: str | None = None
    node_name: str | None = None


class JobSummary(BaseModel):
    """One due instant of one task, and how its job ended: what a list shows of it."""

    id: str
    job_name: str = Field(description="The task's id.")
    namespace: str | None
    status: Status
    reason: str | None = Field(description="Why it ended this way, or what it waits for.")
    cause: str | None = Field(
        description="Whose doing it is that it never started, or was skipped or replaced: `task`, "
        "`cluster`, `scheduler`, `policy` or `unknown`. null for any other job."
    )
    scheduled_time: datetime | None = Field(
        description="The due instant. null: the job was started by hand."
    )
    last_scheduled_time: datetime | None = Field(
        description="The last due instant, when the record is for several that did not run. "
        "Else null."
    )
    instants: int = Field(description="Number of due instants that the record is for.")
    execution_time: datetime = Field(
        description="When its first attempt started. Before that, when it was due."
    )
    completed_at: datetime | None
    duration_seconds: float | None
    error_message: str | None
    attempts: list[AttemptAnswer]
    retry_count: int | None = Field(description="Number of attempts that may follow the first.")
    kubernetes_job: str | None = Field(description="Name of its Job.")
    loop: str | None = Field(description="The loop that ran it. null: it ran in a pod of its own.")
    peak_memory_bytes: int | None
    cpu_seconds: float | None
    pod: PodAnswer | None = Field(description="null: it has no pod of its own; a loop ran it.")


class JobAnswer(JobSummary):
    """A job with all its details."""

    traceback: str | None
    log_tail: str | None = Field(
        description="The end of its output, when a loop ran it or its runner was killed. Of a job "
        "that waits, that of the init container which failed."
    )
    result: Any = Field(description="What the task returned.")
    metadata: dict[str, Any]
    left_out: list[str] = Field(
        default_factory=list,
        description="Fields that are null or empty here, because the answer was too long.",
    )
    withheld: list[str] = Field(
        default_factory=list,
        description="Fields that are null because you may not read the logs of the namespace.",
    )


PRINTED: Final = ("traceback", "log_tail")
"""What the task's code printed. It may hold anything that the code knows."""

_NOT_RECORDED: Final = ("pod", "left_out", "withheld")


def build_summary(record: ScheduledJob, pod: TaskPod | None) -> JobSummary:
    return JobSummary.model_validate(_fields(JobSummary, record, pod))


def build_job(record: ScheduledJob, pod: TaskPod | None) -> JobAnswer:
    fields = _fields(JobAnswer, record, pod)
    return JobAnswer.model_validate({**fields, "log_tail": record.log_tail or (pod and pod.output)})


def _fields(answer: type[JobSummary], record: ScheduledJob, pod: TaskPod | None) -> dict[str, Any]:
    copied = [name for name in answer.model_fields if name not in _NOT_RECORDED]
    return {**{name: getattr(record, name) for name in copied}, "pod": _build_pod(record, pod)}


def without_logs(job: JobAnswer) -> JobAnswer:
    """Leave out what only those may read who may read the logs of its pods."""
    return job.model_copy(update={**dict.fromkeys(PRINTED), "withheld": list(PRINTED)})


def _build_pod(record: ScheduledJob, pod: TaskPod | None) -> PodAnswer | None:
    if pod is not None:
        return PodAnswer.model_validate(pod, from_attributes=True)
    # An attempt in a loop has a name too, but it is not the name of a pod.
    if not record.pod_name or record.loop:
        return None
    return PodAnswer(
        name=record.pod_name,
        namespace=record.namespace,
        phase=None,
        node=record.node_name,
        restarts=None,
        reason=None,
        message=None,
    )
