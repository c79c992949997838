"""`/api/scheduler/jobs/recent`, the newest jobs, and `/api/v1/jobs/{job_id}`, one of them.

The keys `jobs` (`id`, `job_name`, `status`, `execution_time`, `duration_seconds`,
`error_message`), `total_found` and `filters` (`status`, `hours_back`) are those that
jvspatial's scheduler page teaches. The others are ours.

Only a job's own page has its traceback, its output and its result: a list of a thousand of them
would be 65 MB.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from jvscheduler.history.errors import UndecodableRecord
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.records.listings import JobFilter, Position
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Status
from jvscheduler_server.access.access import Access, covers
from jvscheduler_server.access.actions import Action
from jvscheduler_server.api.callers import access_of, seen_namespaces
from jvscheduler_server.api.job_answers import JobAnswer, JobSummary, build_job, without_logs
from jvscheduler_server.api.join import (
    join,
    newest_by_job,
    pending_record,
    unclaimed_between,
    unclaimed_pods,
)
from jvscheduler_server.api.pages import (
    MAX_BYTES,
    JobCursor,
    answer,
    fitting,
    read_jobs,
    read_position,
    size_of,
    without_largest,
    write_position,
)
from jvscheduler_server.api.parameters import NamespaceParameters, Parameters
from jvscheduler_server.api.problems import ProblemRoute, documented, not_found
from jvscheduler_server.api.state import ServerState, state_of
from jvscheduler_server.cluster.objects import TaskPod

router = APIRouter(prefix="/api", tags=["jobs"], route_class=ProblemRoute)

YEAR_IN_HOURS = 8760

_log = logging.getLogger(__name__)

JobId = Annotated[
    str, Path(pattern=r"^[!-.0-~]{1,300}$", description="The `id` that the list gives.")
]

_EMPTY: Final[dict[str, Any]] = {
    "result": None,
    "metadata": {},
    "attempts": [],
    "traceback": None,
    "log_tail": None,
    "error_message": None,
}
"""What a job's page leaves out when it is too long, and what stands there instead."""


class RecentParameters(NamespaceParameters):
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
    cursor: JobCursor | None = Field(
        default=None, description="Where to go on: the `next_cursor` of the answer before."
    )


class FiltersAnswer(BaseModel):
    """The filters that were applied."""

    status: Status | None
    hours_back: float
    namespaces: list[str] | None = Field(
        description="The namespaces whose jobs you may see: of those that have tasks, or the one "
        "that was asked for. null: all."
    )


class RecentAnswer(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobSummary]
    total_found: int = Field(description="Number of jobs that match, those over the limit too.")
    undecodable: list[str] = Field(
        description="Ids of rows that are no valid job records, or of more than 512 KiB. "
        "`total_found` counts them."
    )
    next_cursor: str | None = Field(
        description="Where the next page begins. null: this is the last one. A page has at most "
        "1 MiB, so it may have fewer jobs than `limit`."
    )
    filters: FiltersAnswer


@router.get(
    "/scheduler/jobs/recent",
    responses=documented(401, 403, 422, 429, 503),
    response_model=RecentAnswer,
)
async def recent(
    request: Request,
    query: Annotated[RecentParameters, Query()],
    access: Annotated[Access, Depends(access_of)],
) -> Response:
    """Show the newest jobs, each with its newest pod."""
    state = state_of(request)
    seen = await seen_namespaces(access, state.cluster.tasks(), query.namespace)
    since = datetime.now(UTC) - timedelta(hours=query.hours)
    wanted = JobFilter(since, query.status, seen)
    after = read_position(query.cursor)
    page = await read_jobs(state.store, wanted, query.limit, after)
    pods = [pod for pod in state.cluster.pods() if covers(seen, pod.namespace)]
    unclaimed: Sequence[TaskPod] = ()
    if query.status in (None, Status.PENDING):
        candidates = unclaimed_pods(pods, {job.id for job in page.jobs}, wanted.since)
        unclaimed = await _without_record(candidates, state.store)
    here = unclaimed_between(unclaimed, after, page.next)
    jobs = join(page.jobs, pods, here, query.limit + 1)
    shown = fitting(jobs[: query.limit])
    cut = Position(shown[-1].execution_time, shown[-1].id) if len(shown) < len(jobs) else page.next
    filters = FiltersAnswer(
        status=query.status,
        hours_back=query.hours,
        namespaces=None if seen is None else sorted(seen),
    )
    return answer(
        RecentAnswer(
            jobs=shown,
            total_found=await state.store.total(wanted) + len(unclaimed),
            undecodable=list(page.undecodable),
            next_cursor=write_position(cut),
            filters=filters,
        )
    )


@router.get(
    "/v1/jobs/{job_id}",
    responses=documented(401, 403, 404, 422, 429, 503),
    response_model=JobAnswer,
)
async def job(
    request: Request,
    job_id: JobId,
    _: Annotated[Parameters, Query()],
    access: Annotated[Access, Depends(access_of)],
) -> Response:
    """Show one job with its traceback, its output and its result."""
    found = await _find(state_of(request), job_id, access)
    if found is None:
        return not_found(request, "There is no job of this id. The history may have dropped it.")
    shown = without_largest(found, tuple(_EMPTY), _EMPTY)
    if size_of(shown) > MAX_BYTES:
        return not_found(request, "The record of this id is too large to show.")
    return answer(shown)


async def _find(state: ServerState, job_id: str, access: Access) -> JobAnswer | None:
    """Return the job if the caller may see it. Who may not learns nothing of it, not that it is."""
    pod = newest_by_job(p for p in state.cluster.pods() if p.job.id == job_id).get(job_id)
    records = await _readable(state.store, job_id)
    if not records and pod is not None and not pod.finished:
        records = [pending_record(pod)]
    for record in records:
        if await access.allows(Action.SEE, record.namespace):
            own_pod = pod if pod is not None and pod.namespace == record.namespace else None
            found = build_job(record, own_pod)
            may_read = await access.allows(Action.LOGS, record.namespace)
            return found if may_read else without_logs(found)
    return None


async def _readable(store: HistoryStore, job_id: str) -> Sequence[ScheduledJob]:
    try:
        return await store.jobs_with_id(job_id)
    except UndecodableRecord as error:
        # The row says nothing that can be trusted, not even whose it is.
        _log.warning("%s", error)
        return ()


async def _without_record(candidates: Sequence[TaskPod], store: HistoryStore) -> Sequence[TaskPod]:
    # The filters and the limit leave records out. A running job that they left out would
    # otherwise be shown a second time, as pending.
    recorded = await store.with_record([pod.job.id for pod in candidates])
    return [pod for pod in candidates if pod.job.id not in recorded]
