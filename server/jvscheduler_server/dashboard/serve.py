"""Runs the proxy, from the start to Ctrl-C."""

import asyncio
import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import uvicorn

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.dashboard.kubeconfig import read_login
from jvscheduler_server.dashboard.proxy import TOKEN, DashboardProxy
from jvscheduler_server.dashboard.session import Session
from jvscheduler_server.dashboard.upstream import Upstream

ADDRESS: Final = "127.0.0.1"
END_SECONDS: Final = 1
"""An answer that lasts does not keep the command."""


@dataclass(frozen=True)
class Options:
    context: str | None
    """None: the kubeconfig's current one."""
    namespace: str
    port: int
    browser: bool


def serve(options: Options, say: Callable[[str], None]) -> None:
    """Return at Ctrl-C. Raises SchedulerError when the dashboard cannot be reached."""
    with listen(options.port) as listening, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options, listening, say))


async def _serve(options: Options, listening: socket.socket, say: Callable[[str], None]) -> None:
    upstream = Upstream(await read_login(options.context), options.context, options.namespace)
    try:
        await upstream.check()
        port = listening.getsockname()[1]
        session = Session(port)
        url = f"http://{ADDRESS}:{port}/?{TOKEN}={session.link_token}"
        say(f"dashboard of the context {upstream.context}; Ctrl-C ends it. This link works once:")
        say(url)
        if options.browser:
            # The socket listens already, so that the browser waits if it is faster. A browser in
            # the terminal returns when it ends: Ctrl-C must not wait for that.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        config = uvicorn.Config(
            DashboardProxy(session, upstream),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=END_SECONDS,
        )
        await uvicorn.Server(config).serve(sockets=[listening])
    finally:
        await upstream.close()


def listen(port: int) -> socket.socket:
    """Raises InvalidSettings for a port that is taken."""
    try:
        return socket.create_server((ADDRESS, port))
    except (OSError, OverflowError) as error:
        raise InvalidSettings(f"--port {port} cannot be used ({error}); choose another") from error
