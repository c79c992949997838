"""The loop's end of the connection, on a real worker that is its child process."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from jvscheduler import environment
from jvscheduler.loop.worker_link.client import SocketWorker
from jvscheduler.loop.worker_link.process import worker_process
from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker.messages import Ended, Prepared, Start
from tests.support.readme import ROOT
from tests.support.runner.process import is_running
from tests.support.runner.tasks.ends import MARKER
from tests.support.waiting import eventually

Scenario = Callable[["Loop"], Awaitable[None]]


class Loop:
    """Keeps every message of the worker."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.folder = folder
        self.worker = SocketWorker(path)
        self.hellos: list[tuple[str, Mapping[str, Any]]] = []
        self.ends: list[Ended] = []
        self.prepared: list[Prepared] = []
        self.lost = 0

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        self.hellos.append((worker_id, running))

    def on_prepared(self, prepared: Prepared) -> None:
        self.prepared.append(prepared)

    def on_ended(self, ended: Ended) -> None:
        self.ends.append(ended)

    def on_lost(self) -> None:
        self.lost += 1

    def start(self, run_id: str, task: str) -> Path:
        marker = self.folder / run_id
        environ = {MARKER: str(marker)}
        self.worker.start(Start(run_id, f"tests.support.runner.tasks.{task}", None, environ, {}))
        return marker

    def run(self, run_id: str, task: str) -> Path:
        marker = self.start(run_id, task)
        self.worker.go(run_id, 0.0)
        return marker

    async def end(self, run_id: str) -> Ended:
        await until(lambda: any(e.run_id == run_id for e in self.ends))
        return next(e for e in self.ends if e.run_id == run_id)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 - of files and processes too
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def connected(loop: Loop) -> AsyncIterator[None]:
    connecting = asyncio.create_task(loop.worker.run_forever(loop))
    try:
        yield
    finally:
        connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await connecting


def play(folder: Path, scenario: Scenario) -> None:
    async def main() -> None:
        async with worker_process(os.environ) as process:
            await scenario(Loop(folder, process.socket))

    asyncio.run(main())


def worker_of_this_process() -> psutil.Process:
    """Return the worker. Earlier tests of the session may have left other processes running."""
    children = psutil.Process().children()
    (worker,) = [c for c in children if "jvscheduler.worker" in " ".join(c.cmdline())]
    return worker


def test_orders_given_before_the_worker_listens_are_carried_out(tmp_path: Path) -> None:
    async def scenario(loop: Loop) -> None:
        loop.worker.prepare(("tests.support.runner.tasks.ends",))
        loop.run("early", "ends:returns")
        async with connected(loop):
            assert (await loop.end("early")).result == {"answer": 42}
            await until(lambda: loop.prepared)
        assert loop.prepared == [Prepared(("tests.support.runner.tasks.ends",), {})]
        assert [end.run_id for end in loop.ends] == ["early"]

    play(tmp_path, scenario)


def test_a_run_ends_once_though_the_connection_breaks_at_any_point(tmp_path: Path) -> None:
    async def scenario(loop: Loop) -> None:
        async with connected(loop):
            goes_on = loop.run("goes on", "ends:completes_when_told")
            await until(goes_on.exists)
            loop.start("gated", "ends:returns")
            loop.run("ends", "ends:returns")
            await loop.end("ends")
        loop.worker.stop("goes on", Reason.TERMINATED)
        loop.worker.go("gated", 0.0)
        async with connected(loop):
            assert (await loop.end("goes on")).status == Status.COMPLETED
            assert (await loop.end("gated")).status == Status.COMPLETED
            await until(lambda: len([e for e in loop.ends if e.run_id == "ends"]) == 2)
        (first, _), (second, running) = loop.hellos
        assert first == second
        assert set(running) == {"goes on", "ends"}
        assert len([e for e in loop.ends if e.run_id == "gated"]) == 1

    play(tmp_path, scenario)


def test_an_acknowledged_end_is_not_sent_again(tmp_path: Path) -> None:
    async def scenario(loop: Loop) -> None:
        async with connected(loop):
            loop.run("done", "ends:returns")
            await loop.end("done")
            loop.worker.acknowledge("done")
            loop.run("after", "ends:returns")
            await loop.end("after")
        async with connected(loop):
            await until(lambda: len(loop.hellos) == 2)
        assert set(loop.hellos[1][1]) == {"after"}

    play(tmp_path, scenario)


def test_another_worker_replaces_one_that_was_killed(tmp_path: Path) -> None:
    async def scenario(loop: Loop) -> None:
        async with connected(loop):
            await until(loop.run("lost", "ends:waits").exists)
            worker_of_this_process().send_signal(signal.SIGKILL)
            await until(lambda: len(loop.hellos) == 2)
            (first, _), (second, running) = loop.hellos
            assert first != second
            assert running == {}
            assert loop.lost == 1
            loop.run("new", "ends:returns")
            assert (await loop.end("new")).status == Status.COMPLETED
        assert [end.run_id for end in loop.ends] == ["new"]

    play(tmp_path, scenario)


def test_the_worker_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    workers: list[int] = []

    async def scenario(loop: Loop) -> None:
        async with connected(loop):
            await until(lambda: loop.hellos)
        workers.append(worker_of_this_process().pid)

    play(tmp_path, scenario)
    assert not is_running(workers[0])


A_LOOP = """
import asyncio, os
from jvscheduler.loop.worker_link.process import worker_process

async def main():
    async with worker_process(os.environ) as process:
        while not process.socket.exists():
            await asyncio.sleep(0.02)
        print("listens", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_the_worker_ends_with_a_loop_that_is_killed() -> None:
    command = [sys.executable, "-c", A_LOOP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as loop:
        assert loop.stdout is not None
        assert loop.stdout.readline() == "listens\n"
        (worker,) = psutil.Process(loop.pid).children()
        loop.kill()
    eventually(lambda: not is_running(worker.pid), "the worker ends", pause=0.05)


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.DATABASE_URL, "")
