"""The worker as a process, and a loop that exchanges messages with it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import psutil

from jvscheduler import environment
from jvscheduler.worker.messages import Ended, Go, Hello, Message, Start, decode, encode
from tests.support.readme import ROOT
from tests.support.runner.process import is_running
from tests.support.runner.tasks.ends import MARKER
from tests.support.waiting import eventually

MessageT = TypeVar("MessageT", bound=Message)

_WITH_IMPORT_LIMIT = """
from jvscheduler.attempt import deadlines
from jvscheduler.worker.__main__ import main
deadlines.IMPORT_SECONDS = {}
main()
"""
IMPORT_SECONDS: Final = 60.0
SHORT_IMPORT_SECONDS: Final = 4.0
"""For modules that hang, and import nothing large: on a busy machine jvspatial takes longer."""


class WorkerProcess:
    def __init__(
        self,
        folder: Path,
        url: str = "",
        grace_seconds: int = 30,
        import_seconds: float = IMPORT_SECONDS,
    ) -> None:
        self.folder = folder
        self.socket = folder / "worker.sock"
        self.output = folder / "output"
        own = {
            environment.WORKER_SOCKET: str(self.socket),
            environment.DATABASE_URL: url,
            environment.GRACE_SECONDS: str(grace_seconds),
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _WITH_IMPORT_LIMIT.format(import_seconds)],
                cwd=ROOT,
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def connect(self) -> "Speaker":
        return eventually(self._connected, "the worker listens", pause=0.05)

    def _connected(self) -> "Speaker | None":
        loop = socket.socket(socket.AF_UNIX)
        try:
            loop.connect(str(self.socket))
        except OSError:
            loop.close()
            assert self.process.poll() is None, self.output.read_text()
            return None
        return Speaker(loop, self.folder)


@contextmanager
def a_worker(
    folder: Path,
    url: str = "",
    grace_seconds: int = 30,
    import_seconds: float = IMPORT_SECONDS,
) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(folder, url, grace_seconds, import_seconds)
    try:
        yield worker
    finally:
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait()


class Speaker:
    """The loop's end of a connection. `hello` is the worker's first message."""

    def __init__(self, loop: socket.socket, folder: Path) -> None:
        self._socket = loop
        self._socket.settimeout(120)
        self._lines = loop.makefile("rb")
        self._folder = folder
        self._unread: list[Message] = []
        self.hello = self.next(Hello)

    def say(self, *orders: Message) -> None:
        self._socket.sendall(b"".join(map(encode, orders)))

    def start(
        self,
        run_id: str,
        task: str,
        timeout_seconds: float | None = None,
        environ: Mapping[str, str] | None = None,
        package: str = "tests.support.runner.tasks",
    ) -> Path:
        """Order a start, and return the file that the task writes when it runs."""
        marker = self._folder / run_id
        module, _, name = task.rpartition(".")
        own = {MARKER: str(marker), **(environ or {})}
        entrypoint = f"{package}.{module}:{name}"
        self.say(Start(run_id, entrypoint, timeout_seconds, own, {"task_id": task, "n": run_id}))
        return marker

    def run(
        self,
        run_id: str,
        task: str,
        timeout_seconds: float | None = None,
        package: str = "tests.support.runner.tasks",
    ) -> Path:
        marker = self.start(run_id, task, timeout_seconds, package=package)
        self.say(Go(run_id))
        return marker

    def result(self, run_id: str, task: str) -> Ended:
        self.run(run_id, task)
        return self.end(run_id)

    def end(self, run_id: str) -> Ended:
        return self.next(Ended, lambda message: message.run_id == run_id)

    def next(
        self, kind: type[MessageT], wanted: Callable[[MessageT], bool] = lambda _: True
    ) -> MessageT:
        """Return the next message of a kind. Other messages are kept for later calls."""
        for message in self._unread:
            if isinstance(message, kind) and wanted(message):
                self._unread.remove(message)
                return message
        while line := self._lines.readline():
            message = decode(line)
            if isinstance(message, kind) and wanted(message):
                return message
            self._unread.append(message)
        raise AssertionError(f"the worker closed the connection; unread: {self._unread}")

    def until_closed(self) -> None:
        while self._lines.readline():
            pass

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def until_marked(marker: Path) -> str:
    def text() -> str:
        return marker.read_text() if marker.exists() else ""

    return eventually(text, f"{marker.name} runs", pause=0.05)


def children(worker: WorkerProcess) -> list[int]:
    processes = psutil.Process(worker.pid).children()
    return [child.pid for child in processes if is_running(child.pid)]


def until_ended(pid: int) -> None:
    eventually(lambda: not is_running(pid), f"process {pid} ends", pause=0.05)
