"""Accepts TLS connections, and bounds those whose handshake has not ended.

asyncio allocates some 300 KiB for each TLS connection as soon as it accepts it. Its own server has
no bound there, and tells nobody before the handshake has ended. So some thousand clients that say
nothing would take all memory of the pod.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import Final

HANDSHAKE_SECONDS: Final = 5.0
"""The API server is near: it takes milliseconds."""

MAX_HANDSHAKES: Final = 64

AGAIN_SECONDS: Final = 1.0
"""Pause when no connection can be accepted, such as without a free file descriptor."""

_log = logging.getLogger(__name__)

MakeProtocol = Callable[[], asyncio.Protocol]


async def accept(
    listening: socket.socket, context: ssl.SSLContext, make_protocol: MakeProtocol
) -> None:
    """Accept until cancelled, and close the socket then.

    When there are too many handshakes, the oldest makes room: silent clients must not keep the API
    server out.
    """
    loop = asyncio.get_running_loop()
    handshakes: dict[asyncio.Task[None], None] = {}  # A set that keeps its order.
    listening.setblocking(False)
    try:
        while True:
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError as error:
                _log.warning("no connection can be accepted: %s", error)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            handshake = loop.create_task(_shake_hands(client, context, make_protocol))
            handshakes[handshake] = None
            handshake.add_done_callback(lambda done: handshakes.pop(done, None))
            if len(handshakes) > MAX_HANDSHAKES:
                oldest = next(iter(handshakes))
                del handshakes[oldest]
                oldest.cancel()
            # `sock_accept` does not wait while clients do. The handshakes must go on between two.
            await asyncio.sleep(0)
    finally:
        listening.close()
        for handshake in handshakes:
            handshake.cancel()


async def _shake_hands(
    client: socket.socket, context: ssl.SSLContext, make_protocol: MakeProtocol
) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            make_protocol, client, ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )
    except OSError as error:
        _log.debug("a TLS handshake failed: %s", error)
