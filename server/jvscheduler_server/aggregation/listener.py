"""Runs the listener for the API server, beside the one for everybody else."""

import asyncio
import contextlib
import datetime
import logging
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

import uvicorn
from starlette.types import ASGIApp

from jvscheduler.errors import SchedulerError
from jvscheduler_server.access.reviews import Reviews
from jvscheduler_server.aggregation.application import AggregatedApi
from jvscheduler_server.aggregation.certificate import self_signed
from jvscheduler_server.aggregation.connections import CertifiedConnection
from jvscheduler_server.aggregation.front_proxy import (
    CONFIG_MAP,
    NAMESPACE,
    FrontProxy,
    read_front_proxy,
)
from jvscheduler_server.api.edge.connections import server_config

AGAIN_SECONDS: Final = 10.0
"""Pause after a failed look at the ConfigMap."""

LOOK_SECONDS: Final = 60.0
"""How often the ConfigMap is read. The API server writes another authority before it uses it."""

END_SECONDS: Final = 5
NAME: Final = "jvscheduler-server"

_log = logging.getLogger(__name__)


class ConfigMaps(Protocol):
    """What the listener reads of the cluster. Raises a SchedulerError when it cannot be read."""

    async def config_map(self, namespace: str, name: str) -> Mapping[str, str]:
        """Return the data of a ConfigMap."""


class Listener:
    """Serves from `run` on, with whatever front proxy the cluster names at the time."""

    def __init__(self, api: ConfigMaps, reviews: Reviews, host: str, port: int) -> None:
        self._api = api
        self._reviews = reviews
        self._host = host
        self._port = port

    async def run(self, app: ASGIApp) -> None:
        while True:
            try:
                await self._serve(app, await self._front_proxy())
            except (SchedulerError, ssl.SSLError) as error:
                _log.warning("not reachable through the API server: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _front_proxy(self) -> FrontProxy:
        return read_front_proxy(await self._api.config_map(NAMESPACE, CONFIG_MAP))

    async def _serve(self, app: ASGIApp, proxy: FrontProxy) -> None:
        """Return when the cluster names another front proxy."""
        aggregated = AggregatedApi(app, proxy, self._reviews)
        with _certificates(proxy) as (own, authority), self._socket() as listening:
            config = server_config(
                aggregated,
                lifespan="off",
                log_config=None,
                ssl_certfile=str(own),
                ssl_ca_certs=str(authority),
                ssl_cert_reqs=ssl.CERT_REQUIRED,
                timeout_graceful_shutdown=END_SECONDS,
            )
            config.http = CertifiedConnection
            server = _Server(config)
            serving = asyncio.ensure_future(server.serve(sockets=[listening]))
            try:
                await self._until_changed(proxy, serving)
            finally:
                server.should_exit = True
                await asyncio.wait([serving])

    async def _until_changed(self, proxy: FrontProxy, serving: "asyncio.Future[None]") -> None:
        while not serving.done():
            await asyncio.wait([serving], timeout=LOOK_SECONDS)
            try:
                if await self._front_proxy() != proxy:
                    return
            except SchedulerError as error:
                # It still knows whom to believe.
                _log.warning("the front proxy's authority cannot be read: %s", error)

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        return socket.create_server((self._host, self._port), family=family)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The other listener takes the signals, and its end ends this one.
        yield


@contextlib.contextmanager
def _certificates(proxy: FrontProxy) -> Iterator[tuple[Path, Path]]:
    """Write them to files, which OpenSSL wants, while they are needed."""
    with tempfile.TemporaryDirectory(prefix="jvscheduler-tls-") as name:
        own, authority = Path(name) / "tls.pem", Path(name) / "authority.pem"
        own.write_bytes(self_signed(NAME, datetime.datetime.now(datetime.UTC)))
        authority.write_text(proxy.authority)
        yield own, authority
