"""Runs one scheduler at one rate for a while. Measures lateness, missing runs and processor time.

The processor time is that of the whole process tree. The database and the broker
are not in it, because every scheduler uses them.
"""

import asyncio
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.contest.records import lateness
from tests.cluster.commands import start, stop, wait_until
from tests.support.readme import ROOT

SETTLE: Final = 2
"""Seconds to wait after the first record, and after the last due instant."""


@dataclass(frozen=True)
class Contestant:
    """A scheduler. `isolated` means that each run has a process of its own."""

    name: str
    module: str
    arguments: Callable[[], Sequence[str]] = tuple
    isolated: bool = True


@dataclass(frozen=True)
class Trial:
    due: int
    lateness: Sequence[float]
    """Seconds by which each run was late, sorted."""
    cpu_seconds: float
    load: float

    @property
    def missing(self) -> int:
        return max(0, self.due - len(self.lateness))

    @property
    def p50(self) -> float:
        return statistics.median(self.lateness) if self.lateness else math.inf

    @property
    def p99(self) -> float:
        return self.lateness[int(len(self.lateness) * 0.99)] if self.lateness else math.inf

    @property
    def cpu_per_run(self) -> float:
        return self.cpu_seconds / max(1, len(self.lateness))

    @property
    def is_sustained(self) -> bool:
        """True when nearly all runs of a second begin before the next second."""
        return self.missing <= self.due // 200 and self.p99 < 1.0

    def __str__(self) -> str:
        return (
            f"lateness p50 {self.p50 * 1e3:.1f} ms, p99 {self.p99 * 1e3:.1f} ms; "
            f"{self.missing} of {self.due} without a record; "
            f"{self.cpu_per_run * 1e3:.1f} ms of processor a run; load {self.load:.1f}"
        )


def tried(contestant: Contestant, url: str, rate: int, seconds: int) -> Trial:
    """Measures `rate` tasks that are all due every second, for so many seconds."""
    arguments = (url, str(rate), *contestant.arguments())
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        log = Path(folder, "log")
        process = started(contestant.module, arguments, log)
        try:
            began = time.time()
            wait_until(lambda: bool(_lateness(url, began, time.time())), "a first run", log=log)
            first = math.ceil(time.time()) + SETTLE
            _sleep_until(first - 0.5)
            before = cpu_seconds(process.pid)
            _sleep_until(first + seconds - 0.5)
            used, load = cpu_seconds(process.pid) - before, os.getloadavg()[0]
            time.sleep(SETTLE)
        finally:
            stop(process)
    return Trial(rate * seconds, _lateness(url, first, first + seconds), used, load)


def started(module: str, arguments: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    where = ("env", "-C", str(ROOT), f"PYTHONPATH={ROOT}")
    return start([*where, sys.executable, "-m", module, *arguments], log)


def cpu_seconds(pid: int, *, tree: bool = True) -> float:
    """Processor seconds of a process, or of its tree.

    They include those of children that have ended and were waited for.
    """
    process = psutil.Process(pid)
    if not tree:
        own = process.cpu_times()
        return own.user + own.system
    used = 0.0
    for member in (process, *process.children(recursive=True)):
        try:
            used += sum(member.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return used


def _lateness(url: str, first: float, end: float) -> Sequence[float]:
    return asyncio.run(lateness(url, first, end))


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))
