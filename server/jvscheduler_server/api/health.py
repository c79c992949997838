"""Whether the process lives, and whether what it says can be relied on.

Ready means that the watch has seen everything once. The history is not asked:
while it is away the API says so with 503 and the sweep keeps what it could not
record, and taking the server out of its Service would help neither.
"""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from jvscheduler_server.api.state import state_of

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Each check and what came of it."""

    status: Literal["ok", "failing"] = Field(description="`ok` when no check fails.")
    checks: dict[str, str] = Field(description="`ok`, or what the check waits for.")


@router.get("/livez")
async def livez() -> Alive:
    """Whether the process is alive."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(request: Request, response: Response) -> Readiness:
    """Whether the watch of tasks and pods is complete; 503 names what it waits for."""
    checks = {"cluster": _cluster_check(state_of(request).cluster.synced)}
    failing = any(result != "ok" for result in checks.values())
    if failing:
        response.status_code = 503
    return Readiness(status="failing" if failing else "ok", checks=checks)


def _cluster_check(synced: bool) -> str:
    return "ok" if synced else "the first list of pods, jobs and tasks has not arrived yet"
