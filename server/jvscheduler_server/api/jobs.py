"""`/api/scheduler/jobs/recent`: the last jobs, each with the pod that carries it.

Keys that jvspatial's scheduler page teaches keep their names: `jobs` (`id`,
`job_name`, `status`, `execution_time`, `duration_seconds`, `error_message`),
`total_found` and `filters` (`status`, `hours_back`).
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from jvscheduler.outcomes import Status
from jvscheduler_server.api.join import JobView, join, unclaimed_pods
from jvscheduler_server.api.parameters import Parameters
from jvscheduler_server.api.problems import ProblemRoute, documented
from jvscheduler_server.api.state import ServerState, state_of
from jvscheduler_server.cluster.objects import TaskPod

router = APIRouter(prefix="/api/scheduler/jobs", tags=["jobs"], route_class=ProblemRoute)

YEAR_IN_HOURS = 8760


class RecentParameters(Parameters):
    """Which jobs to show."""

    status: Status | None = Field(default=None, description="Only jobs of this status.")
    hours: float = Field(
        default=24,
        gt=0,
        le=YEAR_IN_HOURS,
        allow_inf_nan=False,
        description="Only jobs that started in the last hours.",
    )
    limit: int = Field(default=50, ge=1, le=1000, description="At most this many, the newest.")


class PodAnswer(BaseModel):
    """The newest pod of a job, in Kubernetes' own words."""

    name: str
    namespace: str
    phase: str | None = Field(description="null: the pod is gone, the record remembers the rest.")
    node: str | None
    restarts: int | None
    reason: str | None = Field(description="Why it waits or ended, such as `ErrImagePull`.")
    message: str | None


class AttemptAnswer(BaseModel):
    """One try of a job."""

    attempt_id: str = Field(description="In a cluster the pod's name.")
    number: int = Field(description="From 1.")
    status: Status
    reason: str | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    error_message: str | None = None
    node_name: str | None = None


class JobAnswer(BaseModel):
    """One due instant of one task and what came of it."""

    id: str
    job_name: str = Field(description="The task's id.")
    namespace: str | None
    status: Status
    reason: str | None = Field(description="Why it ended so, or what it waits for.")
    scheduled_time: datetime | None = Field(description="When it was due; null: started by hand.")
    last_scheduled_time: datetime | None = Field(
        description="Of several instants that did not run for one reason, the last; else null."
    )
    instants: int = Field(description="How many due instants this accounts for.")
    execution_time: datetime = Field(
        description="When its first attempt started; until then when it was due."
    )
    completed_at: datetime | None
    duration_seconds: float | None
    error_message: str | None
    traceback: str | None
    result: Any
    metadata: dict[str, Any]
    attempts: list[AttemptAnswer]
    retry_count: int | None = Field(description="Attempts that may follow the first.")
    kubernetes_job: str | None = Field(description="Name of its Job.")
    loop: str | None = Field(description="The loop that ran it; null: a pod of its own did.")
    log_tail: str | None = Field(description="The end of what it printed, under a loop.")
    peak_memory_bytes: int | None
    cpu_seconds: float | None
    pod: PodAnswer | None = Field(description="null: it has no pod of its own, as under a loop.")


class FiltersAnswer(BaseModel):
    """What the jobs were chosen by."""

    status: Status | None
    hours_back: float


class RecentAnswer(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobAnswer]
    total_found: int = Field(description="How many there are, also beyond the limit.")
    undecodable: list[str] = Field(
        description="Ids of rows that are no valid job records; they count in `total_found`."
    )
    filters: FiltersAnswer


@router.get("/recent", responses=documented(422, 503))
async def recent(request: Request, query: Annotated[RecentParameters, Query()]) -> RecentAnswer:
    """The newest jobs, each joined with its pod."""
    state = state_of(request)
    since = datetime.now(UTC) - timedelta(hours=query.hours)
    found = await state.store.recent(since, query.status, query.limit)
    pods = state.cluster.pods()
    unclaimed = await _unclaimed(state, pods, {job.id for job in found.jobs}, query, since)
    views = join(found.jobs, pods, unclaimed, query.limit)
    return RecentAnswer(
        jobs=[_answer(view) for view in views],
        total_found=found.total + len(unclaimed),
        undecodable=list(found.undecodable),
        filters=FiltersAnswer(status=query.status, hours_back=query.hours),
    )


async def _unclaimed(
    state: ServerState,
    pods: Sequence[TaskPod],
    found: set[str],
    query: RecentParameters,
    since: datetime,
) -> list[TaskPod]:
    if query.status not in (None, Status.PENDING):
        return []
    candidates = unclaimed_pods(pods, found, since)
    if not candidates:
        return []
    unfinished = {job.id for job in await state.store.unfinished()}
    return [pod for pod in candidates if pod.job_id not in unfinished]


def _answer(view: JobView) -> JobAnswer:
    return JobAnswer.model_validate({**view.facts, "pod": asdict(view.pod) if view.pod else None})
