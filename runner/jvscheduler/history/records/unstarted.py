"""The record of a job whose code has not run: it waits to start, or it never started.

It has no attempt, and no start time. A runner that starts after all claims the record while it
says `pending`. When the record says `missed` or `skipped`, the runner does not run.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jvscheduler.causes import Cause
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.outcomes import MAX_ERROR_BYTES, Status, clean, clip


@dataclass(frozen=True)
class UnstartedJob:
    job_id: str
    task_id: str
    namespace: str
    kubernetes_job: str
    due_time: datetime
    """The due instant. For a job that was started by hand, when its Job was created."""
    scheduled_time: datetime | None
    """None: the job was started by hand."""
    status: Status
    """`pending` while it waits; `missed` or `skipped` when nothing will start it any more."""
    reason: str | None
    """Why it waits, or why it waited until it was given up."""
    message: str
    cause: Cause | None = None
    retry_count: int = 0
    end_time: datetime | None = None
    """When it was given up. None while it waits."""


def first_unstarted(job: UnstartedJob) -> ScheduledJob:
    """The record of a job that had none."""
    return ScheduledJob(
        id=job.job_id,
        job_name=job.task_id,
        namespace=job.namespace,
        scheduled_time=job.scheduled_time,
        # Lists of jobs are sorted by it. As for a stretch, it is no start: no attempt is there.
        execution_time=job.due_time,
        retry_count=job.retry_count,
        kubernetes_job=job.kubernetes_job,
        revision=1,
        **_changing_fields(job),
    )


def merge_unstarted(known: ScheduledJob, job: UnstartedJob) -> ScheduledJob | None:
    """The record after this; None when it changes nothing."""
    if known.attempts or known.status.is_final:
        return None
    fields = _changing_fields(job)
    if all(getattr(known, name) == value for name, value in fields.items()):
        return None
    return known.model_copy(update={**fields, "revision": known.revision + 1})


def is_unstarted(job: ScheduledJob) -> bool:
    """True for the record of a job that waits to start."""
    return job.status is Status.PENDING and not job.attempts


def _changing_fields(job: UnstartedJob) -> dict[str, Any]:
    return {
        "status": job.status,
        "reason": job.reason,
        "cause": job.cause.value if job.cause else None,
        "error_message": clip(clean(job.message), MAX_ERROR_BYTES),
        "completed_at": job.end_time,
    }
