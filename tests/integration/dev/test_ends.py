"""How `jvscheduler dev` shows its runs and ends, in a terminal and with a locked history."""

import contextlib
import os
import pty
import re
import select
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.dev_process import PROGRAM, dev, history
from tests.support.runner.process import is_running
from tests.support.waiting import eventually

TASKS = """
import os, pathlib, time
from jvscheduler import on_schedule

@on_schedule("@yearly", retry_count=1)
def fails() -> None:
    raise ValueError("no stock")

@on_schedule("every second")
def stays() -> None:
    print("staying", os.getpid(), flush=True)
    time.sleep(600)
"""
ESCAPE = re.compile(r"\x1b\[\d+m")


@dataclass
class Terminal:
    """A process in the foreground of its own terminal."""

    pid: int
    master: int
    seen: str = field(default="")
    is_open: bool = True

    def close(self) -> None:
        """Close it, as a user closes the window."""
        if self.is_open:
            os.close(self.master)
        self.is_open = False

    def shows(self, text: str) -> bool:
        while self.is_open and select.select([self.master], [], [], 0)[0]:
            with contextlib.suppress(OSError):  # the other side has closed it
                self.seen += os.read(self.master, 65536).decode()
                continue
            break
        return text in self.text

    @property
    def text(self) -> str:
        return ESCAPE.sub("", self.seen)

    def press(self, key: bytes) -> None:
        os.write(self.master, key)

    def wait(self) -> int:
        """Wait until the process has ended and return its exit code.

        The output is read meanwhile. A process whose terminal is full would wait for its reader.
        """
        return eventually(self._ended, "the process has ended") - 1

    def _ended(self) -> int | None:
        self.shows("")
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) + 1 if pid else None


@contextlib.contextmanager
def terminal(folder: Path, *words: str) -> Iterator[Terminal]:
    (folder / "tasks.py").write_text(TASKS)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environ = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
        os.execve(PROGRAM, [str(PROGRAM), "dev", "tasks", *words], {**environ, "TERM": "xterm"})  # noqa: S606
    screen = Terminal(pid, master)
    try:
        yield screen
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        screen.close()


def test_in_a_terminal_runs_are_coloured_and_ctrl_c_ends_them(tmp_path: Path) -> None:
    with terminal(tmp_path, "--port=0") as screen:
        eventually(lambda: screen.shows("| staying"), "the task's output")
        eventually(lambda: screen.shows("ConcurrencyLimit"), "the next one is over the limit")
        screen.press(b"\x03")
        code = screen.wait()
    assert code == 0, screen.seen
    job = r"tasks\.stays@\d\d:\d\d:\d\d"
    assert re.search(rf"\x1b\[90m{job} is due\x1b\[0m", screen.seen)
    assert re.search(rf"\x1b\[34m{job} started\x1b\[0m", screen.seen)
    assert re.search(rf"{job} \| staying", screen.seen)
    assert "Traceback" not in screen.seen
    assert re.search(rf"\x1b\[33m{job} skipped in \d\.\d s: ConcurrencyLimit", screen.seen)
    assert re.search(rf"\x1b\[31m{job} failed in \d+\.\d s: Terminated: .*\x1b", screen.seen)
    assert not is_running(task_pid(screen.seen))
    reasons = [job.reason for job in history(tmp_path)]
    assert reasons.count("Terminated") == 1
    assert set(reasons) == {"Terminated", "ConcurrencyLimit"}


@pytest.mark.parametrize(
    ("words", "code"), [(("--port=0",), 0), (("--once", "stays"), 1)], ids=["dev", "once"]
)
def test_when_the_terminal_closes_runs_are_ended_and_recorded(
    tmp_path: Path, words: tuple[str, ...], code: int
) -> None:
    with terminal(tmp_path, *words) as screen:
        eventually(lambda: screen.shows("staying"), "the task's output")
        screen.close()
        assert screen.wait() == code
    jobs = history(tmp_path)
    assert {job.status for job in jobs} <= {"failed", "skipped"}
    assert [job.reason for job in jobs if job.status == "failed"] == ["Terminated"]


def test_ctrl_c_ends_the_wait_for_a_retry(tmp_path: Path) -> None:
    with terminal(tmp_path, "--once", "fails") as screen:
        eventually(lambda: screen.shows("tasks.fails is tried again in 1"), "it waits")
        screen.press(b"\x03")
        assert screen.wait() == 1
    assert "tasks.fails started, attempt 1 of 2" in screen.text
    assert re.search(r"tasks.fails failed in .* s: TaskRaised: ValueError: no stock", screen.text)
    assert [job.status for job in history(tmp_path)] == ["failed"]


def test_a_stop_while_the_history_is_locked_waits_and_loses_nothing(tmp_path: Path) -> None:
    with dev(tmp_path, TASKS) as session:
        eventually(lambda: "| staying" in session.output, "it runs")
        eventually(lambda: "ConcurrencyLimit" in session.output, "its record is there")
        with locked(tmp_path / "jvscheduler.db"):
            session.process.send_signal(signal.SIGINT)
            eventually(lambda: "wait for the history" in session.output, "it waits")
        assert session.process.wait() == 0, session.output
        assert "unexpected error" not in session.output
    stays = history(tmp_path)
    assert {job.status for job in stays} == {"failed", "skipped"}
    assert [job.reason for job in stays if job.status == "failed"] == ["Terminated"]


@pytest.mark.parametrize("colours", [True, False])
def test_the_environment_decides_where_there_is_no_terminal(tmp_path: Path, colours: bool) -> None:
    environ = {**os.environ, "NO_COLOR": "", "FORCE_COLOR": "1" if colours else ""}
    with dev(tmp_path, TASKS, 0, environ=environ) as session:
        eventually(lambda: " started" in session.output, "it runs")
        assert bool(re.search(r"\x1b\[34m\S+ started\x1b\[0m", session.output)) is colours
        assert ("\x1b" in session.output) is colours


def task_pid(screen: str) -> int:
    match = re.search(r"staying (\d+)", screen)
    assert match is not None
    return int(match[1])


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    connection = sqlite3.connect(database, isolation_level=None, timeout=60)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()
