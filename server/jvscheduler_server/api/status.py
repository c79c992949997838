"""`/api/scheduler/status`: the tasks, what is due next, and how jobs ended so far.

The keys `scheduler`, `job_statistics` (`total_jobs`, `completed_jobs`,
`failed_jobs`, `success_rate`) and `timestamp` are those that jvspatial's
scheduler page teaches; everything else is ours. The success rate is out of all
jobs, as it is there.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from jvscheduler.outcomes import Status
from jvscheduler_server.api.parameters import Parameters
from jvscheduler_server.api.problems import ProblemRoute, documented
from jvscheduler_server.api.state import state_of
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.cluster.protocols import Cluster

router = APIRouter(prefix="/api/scheduler", tags=["scheduler"], route_class=ProblemRoute)


class TaskAnswer(BaseModel):
    """A task and its schedule."""

    task_id: str = Field(description="The task's id, the `job_name` of its jobs.")
    name: str = Field(description="Name of its ScheduledTask.")
    namespace: str
    schedule: str
    time_zone: str
    suspended: bool = Field(description="Whether scheduling is suspended.")
    ready: bool = Field(description="Whether it is scheduled as its definition says.")
    reason: str | None = Field(description="Why it is not ready.")
    running_jobs: int = Field(description="Jobs of it that run now.")
    last_schedule_time: datetime | None = Field(description="The last due instant.")
    next_schedule_time: datetime | None = Field(description="The next due instant.")


class SchedulerAnswer(BaseModel):
    """What carries the tasks."""

    backend: str = Field(description="`kubernetes`, or `local` without a cluster.")
    synced: bool = Field(description="Whether all tasks and pods are known; else wait a moment.")
    task_count: int
    suspended_count: int
    tasks: list[TaskAnswer] = Field(description="Ordered by namespace and id.")


class StatisticsAnswer(BaseModel):
    """How many jobs the history holds, by status."""

    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    success_rate: float = Field(description="Completed jobs out of all, in percent; 0 for none.")
    pending_jobs: int
    running_jobs: int
    timeout_jobs: int
    missed_jobs: int
    skipped_jobs: int


class StatusAnswer(BaseModel):
    """The scheduler's state."""

    scheduler: SchedulerAnswer
    job_statistics: StatisticsAnswer
    timestamp: datetime = Field(description="When this was so.")


@router.get("/status", responses=documented(422, 503))
async def status(request: Request, _: Annotated[Parameters, Query()]) -> StatusAnswer:
    """Tasks with their next due instants, and counts of jobs by status."""
    state = state_of(request)
    counts = await state.store.counts()
    unfinished = await state.store.unfinished()
    running = Counter(
        (job.namespace, job.job_name) for job in unfinished if job.status == Status.RUNNING
    )
    return StatusAnswer(
        scheduler=_scheduler(state.cluster, running),
        job_statistics=statistics(counts),
        timestamp=datetime.now(UTC),
    )


def statistics(counts: Mapping[Status, int]) -> StatisticsAnswer:
    total = sum(counts.values())
    completed = counts.get(Status.COMPLETED, 0)
    by_status = {f"{status}_jobs": counts.get(status, 0) for status in Status}
    rate = completed / total * 100 if total else 0.0
    return StatisticsAnswer(total_jobs=total, success_rate=rate, **by_status)


def _scheduler(cluster: Cluster, running: Mapping[tuple[str, str], int]) -> SchedulerAnswer:
    tasks = sorted(cluster.tasks(), key=lambda task: (task.namespace, task.task_id))
    return SchedulerAnswer(
        backend=cluster.backend,
        synced=cluster.synced,
        task_count=len(tasks),
        suspended_count=sum(task.suspended for task in tasks),
        tasks=_answers(tasks, running),
    )


def _answers(
    tasks: Sequence[TaskState], running: Mapping[tuple[str, str], int]
) -> list[TaskAnswer]:
    return [
        TaskAnswer(**vars(task), running_jobs=running.get((task.namespace, task.task_id), 0))
        for task in tasks
    ]
