"""Runs the listener for the API server, beside the one for everybody else."""

import asyncio
import contextlib
import logging
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import uvicorn
from starlette.types import ASGIApp

from jvscheduler.errors import SchedulerError
from jvscheduler_server.access.reviews import Reviews
from jvscheduler_server.aggregation.application import AggregatedApi
from jvscheduler_server.aggregation.certificate import Certificate, read_certificate
from jvscheduler_server.aggregation.connections import CertifiedConnection
from jvscheduler_server.aggregation.front_proxy import (
    CONFIG_MAP,
    NAMESPACE,
    FrontProxy,
    read_front_proxy,
)
from jvscheduler_server.aggregation.registration import Registrations, keep_verified
from jvscheduler_server.api.edge.connections import server_config
from jvscheduler_server.settings import ListenerSettings

AGAIN_SECONDS: Final = 10.0
"""Pause after a failed look."""

LOOK_SECONDS: Final = 60.0
"""How often the ConfigMap, the certificate and the APIService are looked at. The API server writes
another authority of its own before it uses it."""

END_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class ClusterApi(Registrations, Protocol):
    """What the listener asks of the cluster. Raises a SchedulerError when it cannot be read."""

    async def config_map(self, namespace: str, name: str) -> Mapping[str, str]:
        """Return the data of a ConfigMap."""


@dataclass(frozen=True)
class _Known:
    """What the listener serves by. When it changes, it begins anew."""

    proxy: FrontProxy
    certificate: Certificate


class Listener:
    """Serves from `run` on, with whatever front proxy the cluster names at the time."""

    def __init__(self, api: ClusterApi, reviews: Reviews, settings: ListenerSettings) -> None:
        self._api = api
        self._reviews = reviews
        self._settings = settings

    async def run(self, app: ASGIApp) -> None:
        while True:
            try:
                await self._serve(app, await self._look())
            except (SchedulerError, ssl.SSLError) as error:
                _log.warning("not reachable through the API server: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)

    async def _look(self) -> _Known:
        proxy = read_front_proxy(await self._api.config_map(NAMESPACE, CONFIG_MAP))
        return _Known(proxy, read_certificate(self._settings.certificate))

    async def _serve(self, app: ASGIApp, known: _Known) -> None:
        """Return when the cluster names another front proxy, or the certificate is another."""
        aggregated = AggregatedApi(app, known.proxy, self._reviews)
        with _files(known) as (own, authority), self._socket() as listening:
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
                await self._until_changed(known, serving)
            finally:
                server.should_exit = True
                await asyncio.wait([serving])

    async def _until_changed(self, known: _Known, serving: "asyncio.Future[None]") -> None:
        while not serving.done():
            pause = LOOK_SECONDS
            try:
                if await keep_verified(self._api, known.certificate.authority):
                    _log.info("the API server verifies this server by another authority now")
                if await self._look() != known:
                    return
            except SchedulerError as error:
                # It still knows whom to believe.
                _log.warning("the registration with the API server is not looked after: %s", error)
                pause = AGAIN_SECONDS
            await asyncio.wait([serving], timeout=pause)

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        return socket.create_server((self._settings.host, self._settings.port), family=family)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The other listener takes the signals, and its end ends this one.
        yield


@contextlib.contextmanager
def _files(known: _Known) -> Iterator[tuple[Path, Path]]:
    """Write them to files, which OpenSSL wants, while they are needed."""
    with tempfile.TemporaryDirectory(prefix="jvscheduler-tls-") as name:
        own, authority = Path(name) / "tls.pem", Path(name) / "authority.pem"
        own.write_bytes(known.certificate.pair)
        authority.write_text(known.proxy.authority)
        yield own, authority
