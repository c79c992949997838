"""`/api/scheduler/jobs/recent`: the newest jobs, each with its newest pod.

The keys `jobs` (`id`, `job_name`, `status`, `execution_time`, `duration_seconds`,
`error_message`), `total_found` and `filters` (`status`, `hours_back`) are those that
jvspatial's scheduler page teaches. The others are ours.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Status
from jvscheduler_server.access.access import Access, covers
from jvscheduler_server.access.actions import Action
from jvscheduler_server.api.callers import access_of, seen_namespaces
from jvscheduler_server.api.job_answers import JobAnswer, without_logs
from jvscheduler_server.api.join import join, unclaimed_pods
from jvscheduler_server.api.parameters import Parameters
from jvscheduler_server.api.problems import ProblemRoute, documented
from jvscheduler_server.api.state import state_of
from jvscheduler_server.cluster.objects import TaskPod

router = APIRouter(prefix="/api/scheduler/jobs", tags=["jobs"], route_class=ProblemRoute)

YEAR_IN_HOURS = 8760


class RecentParameters(Parameters):
    """Which jobs to show."""

    status: Status | None = Field(default=None, description="Only jobs with this status.")
    hours: float = Field(
        default=24,
        gt=0,
        le=YEAR_IN_HOURS,
        allow_inf_nan=False,
        description="Only jobs that started in the last hours.",
    )
    limit: int = Field(default=50, ge=1, le=1000, description="At most this many, newest first.")


class FiltersAnswer(BaseModel):
    """The filters that were applied."""

    status: Status | None
    hours_back: float
    namespaces: list[str] | None = Field(
        description="The namespaces whose jobs you may see, of those that have tasks. null: all."
    )


class RecentAnswer(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobAnswer]
    total_found: int = Field(description="Number of jobs that match, those over the limit too.")
    undecodable: list[str] = Field(
        description="Ids of rows that are no valid job records. `total_found` counts them."
    )
    filters: FiltersAnswer


@router.get("/recent", responses=documented(401, 403, 422, 429, 503))
async def recent(
    request: Request,
    query: Annotated[RecentParameters, Query()],
    access: Annotated[Access, Depends(access_of)],
) -> RecentAnswer:
    """Show the newest jobs, each with its newest pod."""
    state = state_of(request)
    seen = await seen_namespaces(access, state.cluster.tasks())
    since = datetime.now(UTC) - timedelta(hours=query.hours)
    found = await state.store.recent(since, query.status, query.limit, seen)
    pods = [pod for pod in state.cluster.pods() if covers(seen, pod.namespace)]
    unclaimed: Sequence[TaskPod] = ()
    if query.status in (None, Status.PENDING):
        candidates = unclaimed_pods(pods, {job.id for job in found.jobs}, since)
        unclaimed = await _without_record(candidates, state.store)
    jobs = join(found.jobs, pods, unclaimed, query.limit)
    return RecentAnswer(
        jobs=await _with_permitted_logs(jobs, access),
        total_found=found.total + len(unclaimed),
        undecodable=list(found.undecodable),
        filters=FiltersAnswer(
            status=query.status,
            hours_back=query.hours,
            namespaces=None if seen is None else sorted(seen),
        ),
    )


async def _with_permitted_logs(jobs: Sequence[JobAnswer], access: Access) -> list[JobAnswer]:
    namespaces = {job.namespace for job in jobs if job.namespace}
    readable = await access.namespaces(Action.LOGS, namespaces)
    return [job if covers(readable, job.namespace) else without_logs(job) for job in jobs]


async def _without_record(candidates: Sequence[TaskPod], store: HistoryStore) -> Sequence[TaskPod]:
    # The filters and the limit leave records out. A running job that they left out would
    # otherwise be shown a second time, as pending.
    if not candidates:
        return ()
    unfinished = {job.id for job in await store.unfinished()}
    return [pod for pod in candidates if pod.job.id not in unfinished]
