"""The dashboard's proxy before an HTTP server that stands for the API server, and a browser."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
import yaml
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from jvscheduler_server.dashboard.kubeconfig import read_login
from jvscheduler_server.dashboard.proxy import DashboardProxy
from jvscheduler_server.dashboard.session import Session
from jvscheduler_server.dashboard.upstream import Upstream

Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class ApiServer:
    """Answers as the test says, and keeps what it was asked."""

    answer: Answer
    heads: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        target = f"{request.scope['raw_path'].decode()}?{scope['query_string'].decode()}"
        self.heads.append((request.method, target, dict(request.headers)))
        await (await self.answer(request))(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app, lifespan="off", log_level="critical", date_header=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve(sockets=[listening]))  # noqa: SLF001
    try:
        yield
    finally:
        server.should_exit = True
        await running


def write_kubeconfig(folder: Path, port: int) -> Path:
    cluster = {"server": f"http://127.0.0.1:{port}"}
    config = {
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": "secret"}}],
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


@dataclass
class Scene:
    api_server: ApiServer
    upstream: Upstream
    browser: httpx.AsyncClient
    kubeconfig: Path
    session: Session

    async def open(self) -> None:
        answer = await self.browser.get("/", params={"token": self.session.link_token})
        assert answer.status_code == 200


Build = Callable[[Answer], contextlib.AbstractAsyncContextManager[Scene]]


def scenes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Return what builds a scene around answers of the API server."""

    @contextlib.asynccontextmanager
    async def build(answer: Answer) -> AsyncIterator[Scene]:
        above, below = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
        port = above.getsockname()[1]
        kubeconfig = write_kubeconfig(folder, below.getsockname()[1])
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
        upstream = Upstream(await read_login(None), None, "jvscheduler")
        session, api_server = Session(port), ApiServer(answer)
        proxy = DashboardProxy(session, upstream)
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")
        async with serving(api_server, below), serving(proxy, above), client as browser:
            yield Scene(api_server, upstream, browser, kubeconfig, session)
        await upstream.close()

    return build
