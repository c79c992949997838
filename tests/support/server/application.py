"""A process that serves the monitoring API, in a folder of the test's own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.support.waiting import eventually

Jobs = list[dict[str, Any]]


@dataclass(frozen=True)
class Application:
    """The process of `python …` in the folder. Its output is in the file `output`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def ask(self, path: str, **query: Any) -> httpx.Response:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", params=query, timeout=30)
        except httpx.TransportError as error:
            raise AssertionError(f"{error!r}: {self.output}") from error

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, (answer.text, self.output)
        return answer.json()

    def jobs(self) -> Jobs:
        """Return the jobs of the last hour with their details, oldest first."""
        jobs: Jobs = self.get("/api/scheduler/jobs/recent", hours=1, limit=1000)["jobs"]
        return [self.get(f"/api/v1/jobs/{job['id']}") for job in jobs[::-1]]

    def interrupt(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait()


@contextlib.contextmanager
def application(
    *command: str, folder: Path, port: int, environ: Mapping[str, str] | None = None
) -> Iterator[Application]:
    """Yield it once it answers. At the end kill it and its children."""
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, **(environ or {})},
            stdout=output,
            stderr=output,
        )
    started = Application(folder, port, process)
    try:
        eventually(lambda: _answers(started), "the application answers")
        yield started
    finally:
        _kill(process)


def _answers(started: Application) -> bool:
    assert started.process.poll() is None, started.output
    return bool(started.ask("/openapi.json").status_code == 200)


def _kill(process: subprocess.Popen[bytes]) -> None:
    running = process.poll() is None
    for left in psutil.Process(process.pid).children(recursive=True) if running else []:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
    process.kill()
    process.wait()
