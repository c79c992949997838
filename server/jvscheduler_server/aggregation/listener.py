"""Runs the listener for the API server, beside the one for everybody else."""

import asyncio
import contextlib
import logging
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
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
from jvscheduler_server.aggregation.handshakes import accept
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
        context = tls_context(known.certificate, known.proxy)
        config = server_config(
            AggregatedApi(app, known.proxy, self._reviews),
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=END_SECONDS,
        )
        server = _Server(config)
        connection = partial(CertifiedConnection, config, server.server_state, {})
        accepting = asyncio.ensure_future(accept(self._socket(), context, connection))
        # uvicorn has no socket of its own: it only ends the connections.
        serving = asyncio.ensure_future(server.serve(sockets=[]))
        try:
            await self._until_changed(known, accepting)
        finally:
            accepting.cancel()
            server.should_exit = True
            await asyncio.wait([accepting, serving])

    async def _until_changed(self, known: _Known, accepting: "asyncio.Future[None]") -> None:
        while not accepting.done():
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
            await asyncio.wait([accepting], timeout=pause)

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        return socket.create_server((self._settings.host, self._settings.port), family=family)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The other listener takes the signals, and its end ends this one.
        yield


def tls_context(certificate: Certificate, proxy: FrontProxy) -> ssl.SSLContext:
    """Return TLS with this certificate, for clients that the proxy's authority has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    # OpenSSL wants files.
    with tempfile.TemporaryDirectory(prefix="jvscheduler-tls-") as name:
        own, authority = Path(name) / "tls.pem", Path(name) / "authority.pem"
        own.write_bytes(certificate.pair)
        authority.write_text(proxy.authority)
        context.load_cert_chain(own)
        context.load_verify_locations(authority)
    return context
