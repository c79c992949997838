"""A worker's answers on the wire: one that cannot be read delays no other."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.loop.worker_link.client import SocketWorker, connected
from jvscheduler.loop.worker_link.process import socket_in_own_folder
from jvscheduler.worker.messages import Ended, Hello, Prepared, encode

END = Ended("a", {}, 1.0, 2.0, "completed")
GARBAGE = [
    b"\n",
    b"[" * 100_000 + b"\n",
    b"9" * 5000 + b"\n",
    b'{"kind":"Sing"}\n',
    b'{"kind":"Hello","worker_id":"w","running":[]}\n',
    b'{"kind":"Hello","worker_id":"w","running":{"a":7}}\n',
    b'{"kind":"Hello","worker_id":{},"running":{}}\n',
    b'{"kind":"Ended","run_id":["a"],"claim":{},"started_at":1,"ended_at":2,"status":"failed"}\n',
    b'{"kind":"Ended","run_id":"a\\nERROR b","claim":{},"started_at":1,"ended_at":2,"status":""}\n',
    b'{"kind":"Prepared","modules":[7],"failed":{}}\n',
    b'{"kind":"Prepared","modules":[],"failed":{"a":7}}\n',
    b'{"kind":"Prepare","modules":["x"]}\n',
    b"\xff\n",
]


class Noted:
    """A listener that notes what it hears, and fails on one attempt."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.enough = asyncio.Event()

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        self.heard.append(worker_id)

    def on_prepared(self, prepared: Prepared) -> None:
        self.heard.append(str(prepared.modules))

    def on_ended(self, ended: Ended) -> None:
        if ended.run_id == "fails":
            raise RuntimeError("a fault")
        self.heard.append(ended.run_id)
        self.enough.set()

    def on_lost(self) -> None:
        self.heard.append("lost")


async def converse(path: Path, lines: list[bytes]) -> Noted:
    listener, connections = Noted(), []

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        writer.writelines(lines)
        await writer.drain()

    async with await asyncio.start_unix_server(speak, path):
        async with connected(SocketWorker(path), listener, asyncio.Event()):
            await listener.enough.wait()
        for writer in connections:
            writer.close()
    assert len(connections) == 1
    return listener


def test_an_answer_that_cannot_be_read_breaks_no_connection_and_delays_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = encode(Ended("fails", {}, 1.0, 2.0, "completed"))
    hello, prepared = encode(Hello("w", {"a": {}})), encode(Prepared(("shop",)))
    lines = [*GARBAGE, hello, *GARBAGE, prepared, fault, *GARBAGE, encode(END)]
    with socket_in_own_folder() as path, caplog.at_level(logging.WARNING, "jvscheduler.loop"):
        listener = asyncio.run(converse(path, lines))
    assert listener.heard == ["w", "('shop',)", "a"]
    assert caplog.text.count("is set aside") == 1
    assert "breaks" not in caplog.text
