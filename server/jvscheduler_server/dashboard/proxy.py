"""The proxy: what it takes from the browser, and what it gives back.

Of a request it passes on what is named here, and nothing else: no cookie, no login, no name of a
user. Of an answer it leaves out what is about a connection, or would log the browser in.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from jvscheduler_server.access.refusals import Refused
from jvscheduler_server.api.edge.headers import HEADERS
from jvscheduler_server.api.problems import not_found, refusal
from jvscheduler_server.dashboard.session import Session
from jvscheduler_server.dashboard.upstream import Asked, Upstream

TOKEN: Final = "token"  # noqa: S105 - the name of a parameter
DOCS: Final = "/docs"

PASSED_ON: Final = (
    *("accept", "accept-language", "content-type", "if-modified-since", "if-none-match"),
    *("last-event-id", "x-requested-with"),
)
CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "proxy-authenticate", "proxy-authorization"}
)
"""Headers that are about one connection only."""

LEFT_OUT: Final = CONNECTION | {"set-cookie", "www-authenticate", "strict-transport-security"}

_IN_A_PATH: Final = "/~!$&'()*+,;=:@"
_WELCOME: Final = (
    '<!doctype html><meta charset=utf-8><meta http-equiv=refresh content="0;url=/">'
    '<title>jvscheduler</title><p><a href="/">Go on</a></p>'
)

_log = logging.getLogger(__name__)


class DashboardProxy:
    """Answers the user's own requests with those of the server."""

    def __init__(self, session: Session, upstream: Upstream) -> None:
        self._session = session
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        async with AsyncExitStack() as stack:
            try:
                response = await self._respond(request, stack)
            except Refused as error:
                response = refusal(request, error)
            except ClientDisconnect:
                return
            try:
                await response(scope, receive, send)
            except ClientError as error:
                # The head is sent. uvicorn now cuts the connection, so that the browser knows.
                _log.warning("the rest of %s did not come: %r", scope["path"], error)

    async def _respond(self, request: Request, stack: AsyncExitStack) -> Response:
        self._session.check_address(request)
        path = request.scope["path"]
        token = request.query_params.get(TOKEN)
        if request.method == "GET" and path == "/" and token is not None:
            return self._welcome(self._session.open(token, request))
        self._session.check_cookie(request)
        if not is_plain(path):
            return not_found(request, "This path has empty parts, or '.' or '..' as one.")
        answer = await stack.enter_async_context(self._upstream.ask(asked(request)))
        if path == "/" and answer.status == HTTPStatus.NOT_FOUND:
            return RedirectResponse(DOCS, HTTPStatus.SEE_OTHER, HEADERS)
        return passed_back(answer)

    def _welcome(self, secret: str) -> Response:
        # A page, and no redirect: when a page of another site has the link, the browser leaves the
        # cookie out of all redirects that follow.
        response = HTMLResponse(_WELCOME, headers=dict(HEADERS))
        response.set_cookie(self._session.cookie, secret, httponly=True, samesite="strict")
        return response


def asked(request: Request) -> Asked:
    """Return what is passed on of a request."""
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"], safe=_IN_A_PATH) + (f"?{query}" if query else "")
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    has_body = "transfer-encoding" in request.headers or "content-length" in request.headers
    return Asked(request.method, path, headers, request.stream() if has_body else None)


def passed_back(answer: ClientResponse) -> Response:
    """Return the answer, whose body follows as it comes."""
    response = StreamingResponse(_chunks(answer), answer.status)
    named = {name.strip().lower() for name in answer.headers.get("connection", "").split(",")}
    response.raw_headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", errors="replace"))
        for name, value in answer.headers.items()
        if name.lower() not in LEFT_OUT | named
    ]
    return response


async def _chunks(answer: ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in answer.content.iter_any():
        yield chunk


def is_plain(path: str) -> bool:
    """True for a path that stays below where it is put.

    The user's login reaches the whole cluster. A page here must reach this API only.
    """
    first, *parts = path.split("/")
    leads_out = {".", ".."} & set(parts) or "\\" in path
    return path.startswith("/") and not first and all(parts[:-1]) and not leads_out
