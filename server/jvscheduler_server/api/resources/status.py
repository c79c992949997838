"""`/api/scheduler/status`: the tasks, their next due instants, and jobs counted by status.

The keys `scheduler`, `job_statistics` (`total_jobs`, `completed_jobs`, `failed_jobs`,
`success_rate`) and `timestamp` are those that jvspatial's scheduler page teaches. The others
are ours. The success rate leaves out jobs that did not run, and those that have not ended: a
suspended task would else look like one that fails.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from jvscheduler.edge.set_aside import counts
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Status
from jvscheduler_server.access.access import Access, covers
from jvscheduler_server.access.actions import Action
from jvscheduler_server.api.callers import access_of, seen_namespaces
from jvscheduler_server.api.pages import KeyCursor, answer, fitting, read_key, write_key
from jvscheduler_server.api.parameters import NamespaceParameters
from jvscheduler_server.api.problems import ProblemRoute, documented
from jvscheduler_server.api.state import state_of
from jvscheduler_server.cluster.objects import TaskKey, TaskState, by_namespace

router = APIRouter(prefix="/api/scheduler", tags=["scheduler"], route_class=ProblemRoute)


RAN: Final = (Status.COMPLETED, Status.FAILED, Status.TIMEOUT)
"""The statuses of jobs that ran and ended."""


class TaskAnswer(BaseModel):
    """A task and its schedule."""

    task_id: str = Field(description="The task's id, which is the `job_name` of its jobs.")
    name: str = Field(description="Name of its ScheduledTask.")
    namespace: str
    schedule: str
    resolved_schedule: str | None = Field(
        description="The schedule with a value for each `H`. null: it has no `H`."
    )
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
        description="Number of objects, messages and rows that could not be read, wholly or in "
        "part, or are not what they say, since the server started. Its log names each."
    )
    set_aside_by_kind: dict[str, int] = Field(
        description="The same by kind, as the log calls it: `pods`, `termination messages`, `rows`."
    )
    task_count: int
    suspended_count: int
    namespaces: list[str] | None = Field(
        description="The namespaces whose tasks you may see, or the one that was asked for. "
        "null: all."
    )
    missing_namespaces: list[str] = Field(
        description="The namespaces to watch that do not exist, of those that you may see. Each is "
        "served once it is there, with the server's rights."
    )
    tasks: list[TaskAnswer] = Field(description="Ordered by namespace and id.")
    next_cursor: str | None = Field(
        description="Where the next page of tasks begins. null: this is the last one."
    )


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


class StatusParameters(NamespaceParameters):
    """Which tasks to show. The numbers are of all."""

    limit: int = Field(default=1000, ge=1, le=1000, description="At most this many tasks.")
    cursor: KeyCursor | None = Field(
        default=None, description="Where to go on: the `next_cursor` of the answer before."
    )


@router.get("/status", responses=documented(401, 403, 422, 429, 503), response_model=StatusAnswer)
async def status(
    request: Request,
    query: Annotated[StatusParameters, Query()],
    access: Annotated[Access, Depends(access_of)],
) -> Response:
    """Show the tasks with their next due instants, and the number of jobs by status."""
    state = state_of(request)
    now = datetime.now(UTC)
    all_tasks = state.cluster.tasks()
    seen = await seen_namespaces(access, all_tasks, query.namespace)
    own = sorted((task for task in all_tasks if covers(seen, task.namespace)), key=_key)
    after = read_key(query.cursor)
    rest = [task for task in own if _key(task) > after]
    page = await _with_last_instants(rest[: query.limit], state.store, now)
    shown = fitting(_answers(page, await state.store.running()))
    more = len(shown) < len(rest)
    set_aside = dict(counts())
    scheduler = SchedulerAnswer(
        backend=state.cluster.backend,
        synced=state.cluster.synced,
        set_aside=sum(set_aside.values()),
        set_aside_by_kind=set_aside,
        task_count=len(own),
        suspended_count=sum(task.suspended for task in own),
        namespaces=None if seen is None else sorted(seen),
        missing_namespaces=await _missing(access, state.cluster.missing_namespaces),
        tasks=shown,
        next_cursor=write_key(_key(rest[len(shown) - 1])) if more else None,
    )
    numbers = statistics(await state.store.counts(seen))
    return answer(StatusAnswer(scheduler=scheduler, job_statistics=numbers, timestamp=now))


async def _missing(access: Access, missing: Collection[str]) -> list[str]:
    seen = await access.namespaces(Action.SEE, missing)
    return sorted(namespace for namespace in missing if covers(seen, namespace))


def _key(task: TaskState) -> tuple[str, ...]:
    return (*task.key, task.name)


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


def _answers(
    tasks: Sequence[TaskState], running: Mapping[tuple[str, str], int]
) -> list[TaskAnswer]:
    return [
        TaskAnswer(
            **vars(task), running_jobs=0 if task.is_conflicting else running.get(task.key, 0)
        )
        for task in tasks
    ]
