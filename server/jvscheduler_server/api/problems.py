"""Every error of the API is a problem (RFC 9457) that names the fix.

All have one shape: a caller's mistake (422, 404, 405), a caller who may not come in (401, 403), too
many requests at once (429), a history that does not answer (503), and an error in our code (500).
Both of the last are told in words of ours: what the driver of the database says may quote its
address, and stays in the log.

A problem repeats at most 200 characters of what the caller sent.
"""

import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from jvscheduler.errors import HistoryUnavailable
from jvscheduler_server.access.refusals import Refused
from jvscheduler_server.api.edge.headers import HEADERS

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 10
"""When to ask again while the database is away."""

BUSY_SECONDS = 1
"""When to ask again while too many requests are at work."""

HISTORY_AWAY = (
    "The history is not available, so this cannot be answered now. Ask again in a moment. The "
    "server's log has the cause."
)

MAX_ECHO = 200
"""How many characters of a request its problem repeats, all parts of the problem together."""

MAX_ERRORS = 10

_PATH_ECHO = 80
_METHOD_ECHO = 40

_log = logging.getLogger(__name__)


class ProblemRoute(APIRoute):
    """A route that answers with a problem in any application, also in a user's own.

    There an exception handler of ours would change the answers of the user's endpoints.

    It takes HEAD where it takes GET, and refuses a query parameter that is given twice: of
    `?status=failed&status=missed` FastAPI would take the last one without a word.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(self._as_get(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        before = scope["app"].state.jvscheduler.before_routes
        await (self._handle if before is None else before(self._handle))(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            headers = {"Allow": "GET, HEAD"}
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
        # The server drops the body of the answer, because its own scope still says HEAD.
        await super().handle(self._as_get(scope), receive, send)

    def _as_get(self, scope: Scope) -> Scope:
        is_head = scope.get("method") == "HEAD" and "GET" in (self.methods or ())
        return {**scope, "method": "GET"} if is_head else scope

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            if repeated := _repeated(request):
                return _on_invalid(request, repeated)
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _on_validation(request, error)
            except HistoryUnavailable as error:
                return _on_history(request, error)
            except Refused as error:
                return refusal(request, error)

        return answer


class InvalidParameter(BaseModel):
    """A parameter that was refused."""

    parameter: str = Field(description="The parameter's name.")
    detail: str = Field(description="What is wrong with it and what is allowed.")


class Problem(BaseModel):
    """An error in the shape of RFC 9457 (`application/problem+json`)."""

    type: str = Field(
        default="about:blank",
        description="Kind of the problem. `about:blank`: the title says it.",
    )
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong and how to fix it.")
    instance: str = Field(description="The path of the request.")
    errors: list[InvalidParameter] | None = Field(
        default=None, description="Each refused parameter, when the request is wrong."
    )


def refusal(request: Request, error: Refused) -> JSONResponse:
    """Return the answer to a caller who is not let in."""
    return _answer(request, error.status, str(error), headers=error.headers)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of an endpoint that may answer with these problems."""
    return {
        status: {"description": HTTPStatus(status).phrase, "model": Problem} for status in statuses
    }


def too_many(scope: Scope) -> JSONResponse:
    """Return the answer to a request that is one too many."""
    detail = (
        "The server answers as many requests as it can at once, or as many as one caller may have. "
        "Ask again in a moment."
    )
    headers = {"Retry-After": str(BUSY_SECONDS)}
    return _answer(Request(scope), HTTPStatus.TOO_MANY_REQUESTS, detail, headers=headers)


def not_found(request: Request, detail: str) -> JSONResponse:
    return _answer(request, HTTPStatus.NOT_FOUND, detail)


def install(app: FastAPI) -> None:
    """Answer with a problem for every other error of our own application."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_fault)
    document_media_type(app)


def document_media_type(app: FastAPI) -> None:
    """Document problems as `application/problem+json`. FastAPI knows `application/json` only."""
    build = app.openapi

    def openapi() -> dict[str, Any]:
        document = build()
        for operations in document["paths"].values():
            for response in _problem_responses(operations):
                response["content"] = {MEDIA_TYPE: response["content"].pop("application/json")}
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _problem_responses(operations: Mapping[str, Any]) -> list[dict[str, Any]]:
    responses = [r for operation in operations.values() for r in operation["responses"].values()]
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return [r for r in responses if r.get("content", {}).get("application/json") == problem]


def _on_validation(request: Request, error: RequestValidationError) -> JSONResponse:
    refused = error.errors()[:MAX_ERRORS]
    most = _share(len(refused))
    return _on_invalid(request, [_invalid(item, most) for item in refused])


def _on_invalid(request: Request, errors: Sequence[InvalidParameter]) -> JSONResponse:
    detail = "; ".join(f"{item.parameter}: {item.detail}" for item in errors)
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    detail = _http_detail(request, error)
    return _answer(request, HTTPStatus(error.status_code), detail, headers=error.headers)


def _on_history(request: Request, error: HistoryUnavailable) -> JSONResponse:
    _log.warning("%s: %s", _path(request), error)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, HISTORY_AWAY, headers=headers)


async def _on_fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, _path(request), exc_info=error)
    detail = "The server failed on this request. Its log has the cause. Please report it."
    return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def _answer(
    request: Request,
    status: HTTPStatus,
    detail: str,
    errors: Sequence[InvalidParameter] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        instance=_path(request),
        errors=list(errors) if errors else None,
    )
    content = problem.model_dump(mode="json", exclude_none=True)
    # The answer to a fault passes no middleware, so the headers are set here.
    return JSONResponse(content, status, {**HEADERS, **(headers or {})}, media_type=MEDIA_TYPE)


def _http_detail(request: Request, error: HTTPException) -> str:
    path = _path(request)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {path}. /docs lists all paths."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        return f"{path} does not take {_clipped(request.method, _METHOD_ECHO)}; use {allowed}."
    return str(error.detail)


def _repeated(request: Request) -> list[InvalidParameter]:
    times = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [(name, count) for name, count in times.items() if count > 1][:MAX_ERRORS]
    most = _share(len(repeated))
    return [
        InvalidParameter(
            parameter=_clipped(name, most), detail=f"given {count} times; give it once"
        )
        for name, count in repeated
    ]


def _invalid(item: Mapping[str, Any], most: int) -> InvalidParameter:
    name = ".".join(str(part) for part in item["loc"][1:])
    context = item.get("ctx") or {}
    if "parameter" in context:
        unknown = _clipped(str(context["parameter"]), most)
        return InvalidParameter(parameter=unknown, detail=str(item["msg"]))
    text = str(item["msg"])
    given = _clipped(repr(item.get("input")), most)
    return InvalidParameter(parameter=name, detail=f"{text[:1].lower()}{text[1:]}, got {given}")


def _share(errors: int) -> int:
    """Return how much of the input each error may repeat. `detail` repeats each once more."""
    return (MAX_ECHO - _PATH_ECHO) // (2 * max(errors, 1))


def _path(request: Request) -> str:
    return _clipped(request.url.path, _PATH_ECHO)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
