"""TLS connections whose handshake does not end are bounded. Real sockets, and real TLS."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jvscheduler_server.aggregation import handshakes
from jvscheduler_server.aggregation.handshakes import accept
from jvscheduler_server.credentials.certificates import make_authority, sign

NAME = "server.test"


class Answers(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"done")
        transport.close()


class Tls:
    """Both ends of TLS."""

    def __init__(self, folder: Path) -> None:
        authority = make_authority("tests", datetime.now(UTC))
        pair = sign(authority, [NAME], datetime.now(UTC))
        own = folder / "tls.pem"
        own.write_text(pair.key + pair.certificate)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(own)
        self.client = ssl.create_default_context(cadata=authority.certificate)

    async def ask(self, port: int) -> bytes:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=self.client, server_hostname=NAME
        )
        answer = await reader.read()
        writer.close()
        return answer


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


@contextlib.asynccontextmanager
async def accepting(tls: Tls) -> AsyncIterator[int]:
    """Yield the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(accept(listening, tls.server, Answers))
    try:
        yield listening.getsockname()[1]
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert listening.fileno() == -1, "it is not closed"


Silent = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""Both, because a writer that nobody holds closes its connection."""


async def connect(port: int) -> Silent:
    return await asyncio.open_connection("127.0.0.1", port)


async def ends(silent: Silent) -> None:
    """Return when the server has cut it."""
    reader, writer = silent
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()


def test_a_silent_client_ends(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "HANDSHAKE_SECONDS", 0.05)

    async def story() -> None:
        async with accepting(tls) as port:
            await ends(await connect(port))
            assert await tls.ask(port) == b"done"

    asyncio.run(story())


def test_the_oldest_handshake_makes_room(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "MAX_HANDSHAKES", 3)
    monkeypatch.setattr(handshakes, "HANDSHAKE_SECONDS", 3600)

    async def story() -> None:
        async with accepting(tls) as port:
            silent = [await connect(port) for _ in range(10)]
            assert await tls.ask(port) == b"done"
            for each in silent[:8]:
                await ends(each)
            assert not any(reader.at_eof() for reader, _ in silent[8:])
            for _, writer in silent[8:]:
                writer.close()

    asyncio.run(story())


def test_the_end_cuts_the_handshakes(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "HANDSHAKE_SECONDS", 3600)

    async def story() -> None:
        async with accepting(tls) as port:
            silent = await connect(port)
            # What has come later is answered: so that handshake has begun.
            assert await tls.ask(port) == b"done"
        await ends(silent)

    asyncio.run(story())


def test_it_accepts_again_after_it_could_not(tls: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshakes, "AGAIN_SECONDS", 0)
    failures = [OSError(errno.EMFILE, "Too many open files")] * 3

    async def story() -> None:
        loop = asyncio.get_running_loop()
        sock_accept = loop.sock_accept

        async def flaky(listening: socket.socket) -> Any:
            if failures:
                raise failures.pop()
            return await sock_accept(listening)

        monkeypatch.setattr(loop, "sock_accept", flaky)
        async with accepting(tls) as port:
            assert await tls.ask(port) == b"done"
        assert not failures

    asyncio.run(story())
