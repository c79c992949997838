"""`/api/v1/history`: how far the history keeps namespaces apart, and what each of them takes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from jvscheduler_server.access.access import Access, covers
from jvscheduler_server.api.callers import access_of, seen_namespaces
from jvscheduler_server.api.pages import answer, fitting
from jvscheduler_server.api.parameters import NamespaceParameters
from jvscheduler_server.api.problems import ProblemRoute, documented
from jvscheduler_server.api.state import state_of

router = APIRouter(prefix="/api/v1", tags=["history"], route_class=ProblemRoute)


class Isolation(StrEnum):
    """How far the history keeps namespaces apart."""

    NAMESPACES = "namespaces"
    NONE = "none"


class NamespaceSize(BaseModel):
    """What the history of a namespace takes."""

    namespace: str
    bytes: int = Field(description="Bytes on disk of its tables and indexes.")


class HistoryAnswer(BaseModel):
    """The history as the database holds it."""

    isolation: Isolation = Field(
        description="`namespaces`: each namespace reaches its own records only. `none`: a task of "
        "any namespace can read, change and delete the records of all."
    )
    namespaces: list[NamespaceSize] | None = Field(
        description="Of those that you may see, the largest first, as many as 1 MiB has room "
        "for. null: not known, because the namespaces share their tables."
    )
    measured_at: datetime = Field(description="When it was measured: at most once a minute.")


@router.get("/history", responses=documented(401, 403, 422, 429, 503), response_model=HistoryAnswer)
async def history(
    request: Request,
    query: Annotated[NamespaceParameters, Query()],
    access: Annotated[Access, Depends(access_of)],
) -> Response:
    """Show how far the history keeps namespaces apart, and how many bytes each of them takes."""
    state = state_of(request)
    seen = await seen_namespaces(access, state.cluster.tasks(), query.namespace)
    sizes = await state.sizes.get()
    if sizes.of_namespaces is None:
        isolation, shown = Isolation.NONE, None
    else:
        isolation = Isolation.NAMESPACES
        own = [(size, name) for name, size in sizes.of_namespaces.items() if covers(seen, name)]
        largest = sorted(own, key=lambda item: (-item[0], item[1]))
        shown = fitting([NamespaceSize(namespace=name, bytes=size) for size, name in largest])
    return answer(
        HistoryAnswer(isolation=isolation, namespaces=shown, measured_at=sizes.measured_at)
    )
