"""`/api/scheduler/status`: the tasks, their next due instants, and jobs counted by status.

The keys `scheduler`, `job_statistics` (`total_jobs`, `completed_jobs`, `failed_jobs`,
`success_rate`) and `timestamp` are those that jvspatial's scheduler page teaches. The others
are ours. The success rate leaves out jobs that did not run, and those that have not ended: a
suspended task would else look like one that fails.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Status
from jvscheduler_server.access.access import Access, Namespaces, covers
from jvscheduler_server.api.callers import access_of, seen_namespaces
from jvscheduler_server.api.parameters import Parameters
from jvscheduler_server.api.problems import ProblemRoute, documented
from jvscheduler_server.api.state import state_of
from jvscheduler_server.cluster.objects import TaskKey, TaskState, by_namespace
from jvscheduler_server.cluster.protocols import Cluster

router = APIRouter(prefix="/api/scheduler", tags=["scheduler"], route_class=ProblemRoute)


RAN: Final = (Status.COMPLETED, Status.FAILED, Status.TIMEOUT)
"""The statuses of jobs that ran and ended."""


class TaskAnswer(BaseModel):
    """A task and its schedule."""

    task_id: str = Field(description="The task's id, which is the `job_name` of its jobs.")
    name: str = Field(description="Name of its ScheduledTask.")
    namespace: str
    schedule: str
    time_zone: str
    suspended: bool = Field(description="True when no new job is started.")
    ready: bool = Field(description="True when it is scheduled as its definition says.")
    reason: str | None = Field(description="Why it is not ready.")
    running_jobs: int = Field(description="Number of its jobs that run now.")
    last_schedule_time: datetime | None = Field(
        description="The last due instant that Kubernetes or the history knows."
    )
    next_schedule_time: datetime | None = Field(description="The next due instant.")


class SchedulerAnswer(BaseModel):
    """The tasks and the cluster that runs them."""

    backend: str = Field(description="`kubernetes`, or `local` without a cluster.")
    synced: bool = Field(
        description="True when all tasks and pods are known. If false, ask again in a moment."
    )
    set_aside: int = Field(
        description="Number of Kubernetes objects that could not be read, wholly or in part, since "
        "the server started. Its log names each."
    )
    task_count: int
    suspended_count: int
    namespaces: list[str] | None = Field(
        description="The namespaces whose tasks you may see. null: all."
    )
    tasks: list[TaskAnswer] = Field(description="Ordered by namespace and id.")


class StatisticsAnswer(BaseModel):
    """The number of jobs in the history, by status."""

    total_jobs: int
    completed_jobs: int
    failed_jobs: int
    success_rate: float = Field(
        description="Completed jobs out of those that ran and ended (`completed`, `failed`, "
        "`timeout`), in percent. 0 when there is none."
    )
    pending_jobs: int
    running_jobs: int
    timeout_jobs: int
    missed_jobs: int
    skipped_jobs: int


class StatusAnswer(BaseModel):
    """The scheduler's state."""

    scheduler: SchedulerAnswer
    job_statistics: StatisticsAnswer
    timestamp: datetime = Field(description="When the server answered.")


@router.get("/status", responses=documented(401, 403, 422, 429, 503))
async def status(
    request: Request,
    _: Annotated[Parameters, Query()],
    access: Annotated[Access, Depends(access_of)],
) -> StatusAnswer:
    """Show the tasks with their next due instants, and the number of jobs by status."""
    state = state_of(request)
    all_tasks = state.cluster.tasks()
    seen = await seen_namespaces(access, all_tasks)
    counts = await state.store.counts(seen)
    unfinished = await state.store.unfinished()
    running = Counter(
        (job.namespace, job.job_name) for job in unfinished if job.status == Status.RUNNING
    )
    now = datetime.now(UTC)
    own = [task for task in all_tasks if covers(seen, task.namespace)]
    tasks = await _with_last_instants(own, state.store, now)
    return StatusAnswer(
        scheduler=_scheduler(state.cluster, seen, tasks, running),
        job_statistics=statistics(counts),
        timestamp=now,
    )


async def _with_last_instants(
    tasks: Sequence[TaskState], store: HistoryStore, now: datetime
) -> list[TaskState]:
    """Add the last due instant of tasks that no CronJob runs: only the history has it."""
    own = [task for task in tasks if not task.is_conflicting]
    unknown = by_namespace(task.key for task in own if task.last_schedule_time is None)
    last = {
        TaskKey(namespace, task_id): instant
        for namespace, ids in unknown.items()
        for task_id, instant in (await store.last_instants(namespace, ids, now)).items()
    }
    return [
        replace(task, last_schedule_time=last[task.key])
        if task.key in last and not task.is_conflicting
        else task
        for task in tasks
    ]


def statistics(counts: Mapping[Status, int]) -> StatisticsAnswer:
    total = sum(counts.values())
    completed = counts.get(Status.COMPLETED, 0)
    by_status = {f"{status}_jobs": counts.get(status, 0) for status in Status}
    ended = sum(counts.get(status, 0) for status in RAN)
    rate = completed / ended * 100 if ended else 0.0
    return StatisticsAnswer(total_jobs=total, success_rate=rate, **by_status)


def _scheduler(
    cluster: Cluster,
    seen: Namespaces,
    found: Sequence[TaskState],
    running: Mapping[tuple[str, str], int],
) -> SchedulerAnswer:
    tasks = sorted(found, key=lambda task: (*task.key, task.name))
    return SchedulerAnswer(
        backend=cluster.backend,
        synced=cluster.synced,
        set_aside=cluster.set_aside,
        task_count=len(tasks),
        suspended_count=sum(task.suspended for task in tasks),
        namespaces=None if seen is None else sorted(seen),
        tasks=_answers(tasks, running),
    )


def _answers(
    tasks: Sequence[TaskState], running: Mapping[tuple[str, str], int]
) -> list[TaskAnswer]:
    return [
        TaskAnswer(
            **vars(task), running_jobs=0 if task.is_conflicting else running.get(task.key, 0)
        )
        for task in tasks
    ]
