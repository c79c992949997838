"""Ends slow clients, and bounds the number of connections.

uvicorn waits for ever for the rest of a request's head, and for a client that does not read its
answer. Each such connection keeps memory, so a few thousand of them would end the server.
"""

import asyncio
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10.0
"""A whole request must have come this soon after the connection, or after the answer before."""

ANSWER_SECONDS: Final = 30.0
"""A client must have read an answer this soon after its request. Endpoints take 10 s at most."""

MAX_CONNECTIONS: Final = 512

MAX_HEAD_BYTES: Final = 16 * 1024


def server_config(app: ASGIApp, **options: Any) -> uvicorn.Config:
    """The configuration of uvicorn for this API. The caller may add options."""
    return uvicorn.Config(
        app,
        http=BoundedConnection,
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        access_log=False,
        server_header=False,
        # uvicorn believes X-Forwarded-For from 127.0.0.1, where `kubectl port-forward` comes from.
        proxy_headers=False,
        **options,
    )


class BoundedConnection(H11Protocol):
    """A connection of HTTP/1.1 that is cut when its client takes too long."""

    _deadline: asyncio.TimerHandle | None = None
    _made_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._made_at = self.loop.time()
        self._allow(HEAD_SECONDS)
        if len(self.connections) > MAX_CONNECTIONS:
            self._cut_oldest()

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._allow(ANSWER_SECONDS)

    def on_response_complete(self) -> None:
        before = self.cycle
        super().on_response_complete()
        # A client may have sent its next request already. uvicorn has then begun to answer it.
        self._allow(HEAD_SECONDS if self.cycle is before else ANSWER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    @property
    def _is_at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _allow(self, seconds: float) -> None:
        self._forget_deadline()
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut_oldest(self) -> None:
        """Make room: who only holds connections open must not keep others out, nor the kubelet."""
        others = [each for each in self.connections if isinstance(each, BoundedConnection)]
        idle = [each for each in others if not each._is_at_work]  # noqa: SLF001 - of this class
        oldest = min(idle, key=lambda each: each._made_at)  # noqa: SLF001
        # It is lost a turn of the loop later. Until then the next ones would cut it again.
        self.connections.discard(oldest)
        oldest.transport.abort()
