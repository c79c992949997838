"""Processor time and memory of the loop's own process while little or nothing is due.

The worker is not counted. One load has a stub instead of a worker: 1,000 tasks are
due at once every ten seconds. The loop claims and records them, and each run ends
as soon as the loop starts it.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.contest.trial import cpu_seconds, started
from benchmarks.report import Ratio
from tests.cluster.commands import stop
from tests.cluster.postgres import PostgresServer

SETTLE_SECONDS: Final = 25
SECONDS: Final = 60
MEGABYTE: Final = 2**20


@dataclass(frozen=True)
class Load:
    tasks: int
    schedule: str
    way: str = ""
    cpu_goal: float | None = 1.0
    """As a part of 2 % of a core."""


LOADS: Final = (
    Load(1_000, "hourly"),
    Load(10_000, "hourly"),
    Load(1_000, "every 10 seconds", "suspended"),
    Load(1_000, "every 10 seconds", "stubbed", cpu_goal=None),
)


def idle(postgres: PostgresServer) -> Iterator[Ratio]:
    for load in LOADS:
        with postgres.database() as url:
            share, memory = _measured(load, url)
        what = f"{load.tasks:,} tasks {load.schedule} {load.way}".rstrip()
        allowed = 120 + 20 * load.tasks / 1000
        yield Ratio(f"{what}: processor", share, "2 % of a core", 2, "%", goal=load.cpu_goal)
        yield Ratio(f"{what}: memory", memory, "the limit", allowed, "MiB", goal=1)


def _measured(load: Load, url: str) -> tuple[float, float]:
    """The processor time in per cent of a core, and the memory in MiB."""
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        arguments = (url, str(load.tasks), load.schedule, load.way)
        process = started("benchmarks.contest.ours", arguments, Path(folder, "log"))
        try:
            time.sleep(SETTLE_SECONDS)
            before = cpu_seconds(process.pid, tree=False)
            time.sleep(SECONDS)
            used = cpu_seconds(process.pid, tree=False) - before
            memory = psutil.Process(process.pid).memory_info().rss
        finally:
            stop(process)
    return used / SECONDS * 100, memory / MEGABYTE
