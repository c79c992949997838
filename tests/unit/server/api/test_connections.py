"""Slow clients are cut. Each test waits until a connection is closed, however long that takes."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvicorn
from fastapi.responses import Response
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from jvscheduler_server.api.edge import connections
from jvscheduler_server.api.edge.connections import server_config
from jvscheduler_server.api.edge.requests import in_pieces

BODY = b"x" * 16 * 1024 * 1024
"""More than the buffers of both ends hold."""

ASK = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(BODY)(scope, receive, in_pieces(send))


async def small(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"done")(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> AsyncIterator[int]:
    """Yield the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(server_config(app, lifespan="off", log_level="warning"))
    running = asyncio.create_task(server._serve(sockets=[listening]))  # noqa: SLF001
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.parametrize("begun", [b"", b"GET / HT", ASK[:-2]], ids=["nothing", "line", "head"])
def test_a_client_that_does_not_end_its_request_is_cut(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.05)

    async def story() -> None:
        async with serving(small) as port:
            reader, writer = await connect(port)
            writer.write(begun)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()

    asyncio.run(story())


def test_a_client_that_drips_its_request_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)

    async def story() -> None:
        async with serving(small) as port:
            reader, writer = await connect(port)
            writer.write(ASK[:-2])
            while not reader.at_eof() and reader.exception() is None:
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.01)
            writer.close()

    asyncio.run(story())


def test_a_client_that_drips_its_body_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its request is no more at work then."""
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)
    ended = asyncio.Event()

    async def reads(scope: Scope, receive: Receive, _: Send) -> None:
        with contextlib.suppress(ClientDisconnect):
            await Request(scope, receive).body()
        ended.set()

    async def story() -> None:
        async with serving(reads) as port:
            reader, writer = await connect(port)
            writer.write(b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n")
            while not reader.at_eof() and reader.exception() is None:
                writer.write(b"x")
                await asyncio.sleep(0.01)
            await ended.wait()
            writer.close()

    asyncio.run(story())


def test_a_client_that_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ANSWER_SECONDS", 0.2)
    cut = asyncio.Event()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await large(scope, receive, send)
        cut.set()

    async def story() -> None:
        async with serving(answer) as port:
            silent = socket.create_connection(("127.0.0.1", port))
            silent.sendall(ASK)
            await cut.wait()  # it would wait for ever for the client
            with silent, contextlib.suppress(ConnectionResetError):
                silent.setblocking(False)
                while await asyncio.get_running_loop().sock_recv(silent, 1 << 20):
                    pass

    asyncio.run(story())


def test_a_client_that_reads_gets_all() -> None:
    async def story() -> None:
        async with serving(large) as port:
            for _ in range(2):
                reader, writer = await connect(port)
                writer.write(ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                answer = await reader.read()
                assert answer.endswith(BODY)
                writer.close()

    asyncio.run(story())


def test_a_connection_is_kept_for_the_next_request() -> None:
    async def story() -> None:
        async with serving(small) as port:
            reader, writer = await connect(port)
            for _ in range(3):
                writer.write(ASK + ASK)  # two at once: the second one waits for the first
                for _ in range(2):
                    await reader.readuntil(b"done")
            writer.close()

    asyncio.run(story())


def test_who_holds_connections_open_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)

    async def story() -> None:
        async with serving(small) as port:
            held = [await connect(port) for _ in range(10)]
            reader, writer = await connect(port)
            writer.write(ASK)
            await reader.readuntil(b"done")
            for each, _ in held[:8]:
                with contextlib.suppress(ConnectionResetError):
                    assert await each.read() == b""

    asyncio.run(story())


def test_a_burst_of_connections_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 3600)

    async def story() -> None:
        async with serving(small) as port:
            # The server accepts all of them at once: this thread has the loop until then.
            silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
            for each in silent[:7]:
                each.setblocking(False)
                with contextlib.suppress(ConnectionResetError):
                    assert await asyncio.get_running_loop().sock_recv(each, 1) == b""
            for each in silent:
                each.close()

    asyncio.run(story())
