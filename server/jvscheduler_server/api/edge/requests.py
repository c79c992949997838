"""At most so many requests are at work at once. One more is answered 429 without any work.

A request at work holds rows of the history and an answer of up to 1 MiB. So this number bounds
the server's memory, whatever the number of clients. No caller has more than half of the places, so
that no one keeps all others out. Who is not let in gets no place at all.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

AT_WORK: Final = 8
"""One process computes them all, so more at once would make none of them faster."""

SHARE: Final = AT_WORK // 2
"""Of one caller."""

PIECE_BYTES: Final = 64 * 1024
"""An answer is sent in pieces. Each waits until the client has read most of those before.

A request so stays at work until its answer is read, and a client that does not read cannot make
the server keep many answers."""

PROBES: Final = ("/livez", "/readyz")
"""They are answered always: a busy server must not be restarted by the kubelet."""


class Places:
    """Who is at work."""

    def __init__(self) -> None:
        self._taken: Counter[str | None] = Counter()

    def refuses(self, caller: str | None) -> bool:
        """True when there is no place for this caller. None: callers are not told apart."""
        has_share = caller is None or self._taken[caller] < SHARE
        return not has_share or self._taken.total() >= AT_WORK

    def take(self, caller: str | None) -> None:
        self._taken[caller] += 1

    def give_back(self, caller: str | None) -> None:
        self._taken[caller] -= 1
        # A caller who comes once must not be remembered for ever.
        self._taken += Counter()


class RequestLimit:
    """`caller_of` names who sends a request; `refuse` answers one that is one too many."""

    def __init__(
        self,
        app: ASGIApp,
        places: Places,
        caller_of: Callable[[Scope], str | None],
        refuse: Callable[[Scope], ASGIApp],
    ) -> None:
        self._app = app
        self._places = places
        self._caller_of = caller_of
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        caller = self._caller_of(scope)
        if self._places.refuses(caller):
            await self._refuse(scope)(scope, receive, send)
            return
        self._places.take(caller)
        try:
            await self._app(scope, receive, in_pieces(send))
        finally:
            self._places.give_back(caller)


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
