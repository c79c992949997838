"""Starts `jvscheduler dev` as a process, in a folder with a module `tasks`."""

import contextlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from jvscheduler.history.records.jobs import ScheduledJob
from tests.support.runner.process import records

PROGRAM = Path(sys.executable).with_name("jvscheduler")


@dataclass(frozen=True)
class Dev:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def get(self, path: str) -> Any:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, ConnectionError) as error:
            raise AssertionError(f"{error}: {self.output}") from error
        return json.loads(text) if text.startswith("{") else text

    def jobs(self) -> dict[str, dict[str, Any]]:
        jobs = self.get("/api/scheduler/jobs/recent?hours=1")["jobs"]
        return {job["job_name"].removeprefix("tasks."): job for job in jobs}

    def records(self) -> Sequence[ScheduledJob]:
        return history(self.folder)


def history(folder: Path) -> Sequence[ScheduledJob]:
    return records(f"sqlite:///{folder}/jvscheduler.db")


@contextlib.contextmanager
def dev(
    folder: Path, tasks: str, port: int = 0, *words: str, environ: Mapping[str, str] | None = None
) -> Iterator[Dev]:
    """Runs `dev` until the block ends. With `--once` among the words there is no port."""
    (folder / "tasks.py").write_text(tasks)
    api = [] if "--once" in words else [f"--port={port}"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [PROGRAM, "dev", "tasks", *api, *words],
            cwd=folder,
            stdout=output,
            stderr=output,
            env=environ,
        )
    try:
        yield Dev(folder, port, process)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and every process that it has started."""
    children = psutil.Process(process.pid).children(recursive=True) if alive(process) else []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.kill()
    process.wait()


def alive(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is None


def run_dev(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "dev", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
