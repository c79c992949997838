"""A module that takes signals and functions away from the worker delays no run."""

import time
from pathlib import Path

import pytest

from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker.messages import Prepare, Prepared
from tests.support.worker_process import a_worker

TAKES_ALL = """
import os, select, signal, socket, time

def taken(*_, **__): raise AssertionError("the worker relied on it")

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.fork = os.waitpid = os.waitid = os.wait4 = taken
signal.signal = signal.set_wakeup_fd = signal.pthread_sigmask = taken
select.epoll = select.poll = select.select = time.sleep = taken

class Taken(socket.socket):
    def __init__(self, *_, **__): taken()

socket.socket = Taken

def quick(): return 1

def slow():
    while True:
        pass
"""


def test_runs_end_within_milliseconds_also_those_of_other_modules(tmp_path: Path) -> None:
    with a_worker(tmp_path) as worker:
        loop = worker.connect()
        modules = ("tests.cases.patched", "tests.cases.errors")
        before = time.monotonic()
        loop.say(Prepare(modules))
        assert loop.next(Prepared) == Prepared(modules, {})
        assert time.monotonic() - before < 30, "a trial took its whole limit"
        for number in range(5):
            loop.run(f"{number}", "patched.quick", package="tests.cases")
            before = time.monotonic()
            assert loop.end(f"{number}").result == 1
            assert time.monotonic() - before < 5


def test_a_module_may_take_all_that_gevent_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied" / "takes.py").write_text(TAKES_ALL)
    with a_worker(tmp_path) as worker:
        loop = worker.connect()
        loop.say(Prepare(("copied.takes",)))
        assert loop.next(Prepared).failed == {}
        for connection in ("first", "second"):
            loop.run(connection, "takes.quick", package="copied")
            assert loop.end(connection).result == 1
            loop = worker.connect()
        loop.run("slow", "takes.slow", timeout_seconds=1, package="copied")
        end = loop.end("slow")
        assert (end.status, end.reason) == (Status.TIMEOUT, Reason.DEADLINE_EXCEEDED)
        assert end.ended_at - end.started_at < 4, "it got its TaskTimeout, and was not killed"
