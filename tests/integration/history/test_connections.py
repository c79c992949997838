"""Connections of the history that break, and processes that do not close them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from jvscheduler.history.store.database import open_store
from tests.support.history.databases import SERVED_DATABASES, url_of
from tests.support.history.outcomes import NOON, completed, of_job

USES = """
import asyncio, sys
from jvscheduler.history import ScheduledJob
from jvscheduler.history.entities.binding import bind

async def use():
    bound = bind(sys.argv[1])
    await ScheduledJob.create(job_name="here")
    print(await ScheduledJob.count({"context.job_name": "here"}))
    await bound.close()

asyncio.run(use())
"""


class Wire:
    """A proxy between the store and its database. `cut` breaks all of its connections."""

    silent = 0
    """This many of the next connections never get an answer."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []
        self.silenced = asyncio.Event()

    @asynccontextmanager
    async def url(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        user, at, _ = self._parts.netloc.rpartition("@")
        yield self._parts._replace(netloc=f"{user}{at}127.0.0.1:{port}").geturl()
        self.cut()
        server.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.silent:
            self.silent -= 1
            self.silenced.set()
            self._writers.append(writer)
            return
        there = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        self._writers += [writer, there[1]]
        await asyncio.gather(_carry(reader, there[1]), _carry(there[0], writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()
    except ConnectionError:
        writer.transport.abort()


@pytest.fixture(params=SERVED_DATABASES)
def served_url(request: pytest.FixtureRequest) -> str:
    return url_of(request)


def test_a_connection_without_an_answer_is_opened_again(postgres_url: str) -> None:
    """A Service may route a connection to a pod that is gone, and the next one to its successor."""

    async def story() -> None:
        wire = Wire(postgres_url)
        wire.silent = 1
        async with wire.url() as url:
            store = open_store(url)
            assert await store.claim(of_job(0))
            await store.close()

    asyncio.run(story())


def test_a_connection_that_breaks_while_idle_blocks_no_later_call(postgres_url: str) -> None:
    async def story() -> None:
        wire = Wire(postgres_url)
        async with wire.url() as url:
            store = open_store(url, connections=1)
            assert await store.claim(of_job(0))
            wire.silent = 1
            wire.cut()
            await store.record(completed(of_job(0)))
            assert wire.silenced.is_set()
            await store.close()

    async def in_time() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(in_time())


def test_a_call_that_a_broken_connection_interrupts_is_repeated(served_url: str) -> None:
    async def story() -> None:
        wire = Wire(served_url)
        async with wire.url() as url:
            store = open_store(url)
            await store.open()
            for number in range(3):
                assert await store.claim(of_job(number))
                wire.cut()
                await store.record(completed(of_job(number)))
                wire.cut()
            recent = await store.recent(NOON, None, 10)
            assert [job.pod_name for job in recent.jobs] == ["pod-2", "pod-1", "pod-0"]
            assert {job.status for job in recent.jobs} == {"completed"}
            await store.close()

    asyncio.run(story())


def test_a_process_that_used_the_history_exits(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", USES, url], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
