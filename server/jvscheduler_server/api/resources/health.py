"""`/livez` and `/readyz`: the process answers; the watch is complete.

Neither asks the history. While the database is away the API answers 503 and the repair keeps
its outcomes in memory. Restarting the server, or removing it from its Service, would lose
those outcomes and help nobody.
"""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from jvscheduler_server.api.problems import ProblemRoute
from jvscheduler_server.api.state import state_of

router = APIRouter(tags=["health"], route_class=ProblemRoute)


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The result of each check."""

    status: Literal["ok", "failing"] = Field(description="`ok` when no check fails.")
    checks: dict[str, str] = Field(description="`ok`, or what the check waits for.")


@router.get("/livez")
async def livez() -> Alive:
    """Answer 200 while the process is alive."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    """Answer 200 when all tasks and pods are known; 503 names what is missing."""
    checks = {"cluster": _cluster_check(state_of(request).cluster.synced)}
    failing = any(result != "ok" for result in checks.values())
    if failing:
        response.status_code = 503
    return Readiness(status="failing" if failing else "ok", checks=checks)


def _cluster_check(synced: bool) -> str:
    return "ok" if synced else "the first list of pods, jobs and tasks has not arrived yet"
