"""The runner as a process, with the environment that it has in a pod."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from jvscheduler import environment
from jvscheduler.edge.outcomes import from_message
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.database import open_store
from jvscheduler.outcomes import Outcome
from tests.support.readme import ROOT
from tests.support.runner.tasks.ends import MARKER
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Ended:
    """`message` is None when the runner wrote no termination message."""

    code: int
    output: str
    message: Outcome | None


@dataclass
class Runner:
    """Starts attempts of one job."""

    folder: Path
    task: str
    url: str | None = None
    job: str = "job-29540880"
    attempt: str = "pod-a"
    options: Mapping[str, str] = field(default_factory=dict)
    package: str = "tests.support.runner.tasks"
    cwd: Path = ROOT

    @property
    def marker(self) -> Path:
        return self.folder / f"marker-{self.attempt}"

    @property
    def log(self) -> Path:
        return self.folder / f"message-{self.attempt}"

    def start(self) -> "Running":
        command = [sys.executable, "-m", "jvscheduler.runner"]
        output = (self.folder / f"output-{self.attempt}").open("w+")
        process = subprocess.Popen(
            command, cwd=self.cwd, env=self._environment(), stdout=output, stderr=output
        )
        return Running(self, process, Path(output.name))

    def run(self) -> Ended:
        return self.start().wait()

    def records(self) -> Sequence[ScheduledJob]:
        assert self.url is not None
        return records(self.url)

    def record(self) -> ScheduledJob:
        (job,) = self.records()
        return job

    def _environment(self) -> dict[str, str]:
        module, _, name = self.task.rpartition(".")
        own = {
            environment.TASK_ID: self.task,
            environment.TASK_NAME: "job",
            environment.ENTRYPOINT: f"{self.package}.{module}:{name}",
            environment.JOB_NAME: self.job,
            environment.NAMESPACE: "shop",
            environment.POD_NAME: self.attempt,
            environment.NODE_NAME: "node-1",
            environment.TERMINATION_LOG: str(self.log),
            environment.DATABASE_URL: self.url or "",
            MARKER: str(self.marker),
        }
        return {**os.environ, **own, **self.options}


@dataclass(frozen=True)
class Running:
    runner: Runner
    process: subprocess.Popen[bytes]
    output: Path

    def until_marked(self) -> str:
        """Wait until the task has written its marker, and return the text."""
        marker = self.runner.marker
        return eventually(lambda: marker.read_text() if marker.exists() else "", "the task runs")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> Ended:
        code = self.process.wait()
        log = self.runner.log
        text = log.read_text() if log.exists() else ""
        return Ended(code, self.output.read_text(), from_message(text) if text else None)


def records(url: str) -> Sequence[ScheduledJob]:
    async def read() -> Sequence[ScheduledJob]:
        store = open_store(url)
        try:
            return (await store.recent(datetime.fromtimestamp(0, UTC), None, 100)).jobs
        finally:
            await store.close()

    return asyncio.run(read())


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left_running(pids: Sequence[int]) -> Sequence[int]:
    """Return the processes that outlive their parent. A killed process needs a moment to end."""
    with contextlib.suppress(AssertionError):
        eventually(lambda: not any(map(is_running, pids)), "they end", timeout=10, pause=0.05)
    return [pid for pid in pids if is_running(pid)]
