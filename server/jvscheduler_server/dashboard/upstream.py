"""Asks the API server for the API behind it, with the user's login."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
)

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.aggregation.application import GROUP, PREFIX
from jvscheduler_server.dashboard.kubeconfig import Login, read_login
from jvscheduler_server.dashboard.refusals import NotLoggedIn, Place

TIMEOUT: Final = ClientTimeout(total=None, sock_connect=10)
"""An answer may last. The API server ends it after 60 s, unless it is a watch."""

CHECK_SECONDS: Final = 30.0
"""How long the first answer may take."""

LOGIN_SECONDS: Final = 5.0
"""A refused login is read anew this seldom: it may start a program of the user's."""

OWN_PROBLEM: Final = "application/problem+json"
"""The type of errors that the server itself answers, not the API server before it."""

MAX_TEXT: Final = 4096


@dataclass(frozen=True)
class Asked:
    """A request, without anything of the browser's login."""

    method: str
    path: str
    """With its query, each character as a URL has it."""
    headers: Mapping[str, str]
    body: AsyncIterable[bytes] | None = None


class Upstream:
    """A connection that logs in again when the API server does not know the login any more."""

    def __init__(self, login: Login, context: str | None, namespace: str) -> None:
        self._context = context
        self._place = Place(login.context, namespace)
        self._use(login)
        self._logging_in = asyncio.Lock()
        self._session = ClientSession(
            cookie_jar=DummyCookieJar(),
            # The browser gets the bytes as they come.
            auto_decompress=False,
            trust_env=True,
            timeout=TIMEOUT,
        )

    @property
    def context(self) -> str:
        return self._place.context

    async def close(self) -> None:
        await self._session.close()

    async def check(self) -> None:
        """Raises Refused when the cluster does not serve the API, or not to this user."""
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._check()
        except TimeoutError as error:
            raise self._place.no_answer(error) from error

    async def _check(self) -> None:
        # Who may not read the API gets 403, also where there is none. Its group is for everybody.
        async with self._answer(Asked("GET", f"/apis/{GROUP}", {})) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                raise self._place.not_served()
        async with self.ask(Asked("GET", "/api/scheduler/status?limit=1", {})):
            return

    @asynccontextmanager
    async def ask(self, asked: Asked) -> AsyncIterator[ClientResponse]:
        """Yield the server's answer. Raises Refused when it is not from there."""
        below = Asked(asked.method, f"{PREFIX}{asked.path}", asked.headers, asked.body)
        async with self._answer(below) as answer:
            if answer.status >= HTTPStatus.BAD_REQUEST and answer.content_type != OWN_PROBLEM:
                text = (await answer.content.read(MAX_TEXT)).decode(errors="replace")
                raise self._place.explain(answer.status, text)
            yield answer

    @asynccontextmanager
    async def _answer(self, asked: Asked) -> AsyncIterator[ClientResponse]:
        response = await self._send(asked)
        if await self._is_renewed(response):
            response.release()
            # What a browser sends is read once. It was not acted on: the caller may send it again.
            if asked.body is not None:
                raise NotLoggedIn("the login had expired and was renewed; send the request again")
            response = await self._send(asked)
        async with response:
            yield response

    async def _send(self, asked: Asked) -> ClientResponse:
        login = self._login
        try:
            return await self._session.request(
                asked.method,
                f"{login.host}{asked.path}",
                headers={**asked.headers, **login.headers},
                data=asked.body,
                allow_redirects=False,
                ssl=login.tls,
                **login.connection,
            )
        except (ClientError, OSError) as error:
            raise self._place.no_answer(error) from error

    async def _is_renewed(self, response: ClientResponse) -> bool:
        """True when the API server refused the login, and there is another one."""
        refused = response.status == HTTPStatus.UNAUTHORIZED
        if not refused or response.content_type == OWN_PROBLEM:
            return False
        sent = self._login
        async with self._logging_in:
            if self._login is sent and time.monotonic() - self._since >= LOGIN_SECONDS:
                await self._renew()
            return self._login is not sent

    async def _renew(self) -> None:
        try:
            login = await read_login(self._context)
        except InvalidSettings as error:
            raise NotLoggedIn(str(error)) from error
        self._use(login)

    def _use(self, login: Login) -> None:
        self._login = login
        self._since = time.monotonic()
