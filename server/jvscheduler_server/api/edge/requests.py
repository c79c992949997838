"""At most so many requests are at work at once. One more is answered 429 without any work.

A request at work holds rows of the history and an answer of up to 1 MiB. So this number bounds
the server's memory, whatever the number of clients.
"""

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

AT_WORK: Final = 8
"""One process computes them all, so more at once would make none of them faster."""

PIECE_BYTES: Final = 64 * 1024
"""An answer is sent in pieces. Each waits until the client has read most of those before.

A request so stays at work until its answer is read, and a client that does not read cannot make
the server keep many answers."""

PROBES: Final = ("/livez", "/readyz")
"""They are answered always: a busy server must not be restarted by the kubelet."""


class RequestLimit:
    """`refuse` answers the requests that are one too many."""

    def __init__(self, app: ASGIApp, refuse: Callable[[Scope], ASGIApp]) -> None:
        self._app = app
        self._refuse = refuse
        self._at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
        elif self._at_work >= AT_WORK:
            await self._refuse(scope)(scope, receive, send)
        else:
            self._at_work += 1
            try:
                await self._app(scope, receive, in_pieces(send))
            finally:
                self._at_work -= 1


def in_pieces(send: Send) -> Send:
    async def send_pieces(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
            await send(message)
            return
        for start in range(0, len(body), PIECE_BYTES):
            end = start + PIECE_BYTES
            more = end < len(body) or message.get("more_body", False)
            await send({**message, "body": body[start:end], "more_body": more})

    return send_pieces
