"""Every error of the API is a problem (RFC 9457) that names the fix.

All have one shape: a caller's mistake (422, 404, 405), a history that does not answer (503
with `Retry-After`) and an error in our code (500). The text of the last stays in the log,
because it may quote the database's address.
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

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 10
"""When to ask again while the database is away."""

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


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of an endpoint that may answer with these problems."""
    return {
        status: {"description": HTTPStatus(status).phrase, "model": Problem} for status in statuses
    }


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
    return _on_invalid(request, [_invalid(item) for item in error.errors()])


def _on_invalid(request: Request, errors: Sequence[InvalidParameter]) -> JSONResponse:
    detail = "; ".join(f"{item.parameter}: {item.detail}" for item in errors)
    return _answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    detail = _http_detail(request, error)
    return _answer(request, HTTPStatus(error.status_code), detail, headers=error.headers)


def _on_history(request: Request, error: HistoryUnavailable) -> JSONResponse:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers=headers)


async def _on_fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
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
        instance=request.url.path,
        errors=list(errors) if errors else None,
    )
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status, dict(headers or {}), media_type=MEDIA_TYPE)


def _http_detail(request: Request, error: HTTPException) -> str:
    path = request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {path}. /docs lists all paths."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        return f"{path} does not take {request.method}; use {allowed}."
    return str(error.detail)


def _repeated(request: Request) -> list[InvalidParameter]:
    times = Counter(name for name, _ in request.query_params.multi_items())
    return [
        InvalidParameter(parameter=name, detail=f"given {count} times; give it once")
        for name, count in times.items()
        if count > 1
    ]


def _invalid(item: Mapping[str, Any]) -> InvalidParameter:
    name = ".".join(str(part) for part in item["loc"][1:])
    context = item.get("ctx") or {}
    if "parameter" in context:
        return InvalidParameter(parameter=context["parameter"], detail=str(item["msg"]))
    text = str(item["msg"])
    detail = f"{text[:1].lower()}{text[1:]}, got {item.get('input')!r}"
    return InvalidParameter(parameter=name, detail=detail)
