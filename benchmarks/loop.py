"""The loop against other schedulers of one machine, one after the other.

All run the same no-op and write the same record. All due instants are on whole
seconds: 100 jobs a second are 100 that are due at once. The benchmark needs
redis-server and `requirements/bench.txt`. The database runs on the same machine.
"""

import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.contest.idle import idle
from benchmarks.contest.single import due_to_recorded
from benchmarks.contest.trial import Contestant, Trial, tried
from benchmarks.report import Ratio
from benchmarks.runner import BASELINE, import_only
from tests.cluster.api_server import free_ports
from tests.cluster.commands import run, start, stop, succeeds, wait_until
from tests.cluster.postgres import PostgresServer, run_postgres

RATE: Final = 100
SECONDS: Final = 60
OUR_SECONDS: Final = 300
STEP_SECONDS: Final = 10
LOWEST_RATE: Final = 10
FORKS: Final = 1000
OURS: Final = Contestant("our loop", "benchmarks.contest.ours", lambda: ("every second",))

OURS_ASYNC: Final = Contestant(
    "our loop, async task", "benchmarks.contest.ours", lambda: ("every second", "async")
)
OURS_WITH_JVSPATIAL: Final = Contestant(
    "our loop, jvspatial imported", "benchmarks.contest.ours", lambda: ("every second", "jvspatial")
)

Measured = Ratio | str


def measure() -> Iterator[Measured]:
    with run_postgres() as postgres, _redis() as redis:
        others = _others(redis)
        yield from _at_one_rate(postgres, others)
        yield from _highest_rates(postgres, others)
        with postgres.database() as url:
            yield from _one_run(url)
        yield from idle(postgres)


def _others(redis: Callable[[], str]) -> list[Contestant]:
    def celery(runs_per_process: int) -> Callable[[], tuple[str, str]]:
        return lambda: (redis(), str(runs_per_process))

    program = "benchmarks.contest.by_{}".format
    return [
        Contestant("schedule, bare Python each", program("schedule")),
        Contestant("Celery, process each", program("celery"), celery(1)),
        Contestant("Celery, pool", program("celery"), celery(0), isolated=False),
        Contestant("APScheduler, pool", program("apscheduler"), isolated=False),
    ]


def _at_one_rate(postgres: PostgresServer, others: list[Contestant]) -> Iterator[Measured]:
    trials = {}
    for contestant in (OURS, OURS_ASYNC, OURS_WITH_JVSPATIAL, *others):
        seconds = OUR_SECONDS if contestant is OURS else SECONDS
        trial = trials[contestant] = _trial(postgres, contestant, RATE, seconds)
        yield f"{contestant.name}, {RATE} jobs a second for {seconds} s: {trial}"
    ours = trials[OURS]
    for other in others:
        yield from _compared(ours, trials[other], other.name)
    yield Ratio("a run's processor time", ours.cpu_per_run, "bare fork", _floor())


def _compared(ours: Trial, other: Trial, name: str) -> Iterator[Measured]:
    yield Ratio("lateness p50", ours.p50, name, other.p50)
    yield Ratio("lateness p99", ours.p99, name, other.p99)
    yield Ratio("a run's processor time", ours.cpu_per_run, name, other.cpu_per_run)


def _highest_rates(postgres: PostgresServer, others: list[Contestant]) -> Iterator[Measured]:
    rates = {c: _highest_rate(partial(_trial, postgres, c)) for c in (OURS, *others)}
    for isolated, kind in ((True, "a process for each run"), (False, "processes used again")):
        best = max((c for c in others if c.isolated is isolated), key=lambda c: rates[c])
        what = f"highest rate against the best with {kind}, {best.name}"
        yield Ratio(what, rates[best], "our loop", rates[OURS], "jobs/s", goal=1 / 3)
    yield from (f"{c.name} sustains {rate} jobs a second" for c, rate in rates.items())


def _highest_rate(trial: Callable[[int, int], Trial]) -> int:
    """The highest rate that is sustained.

    The rate is doubled until it is not sustained. Then the interval is halved twice.
    """
    low, high = 0, LOWEST_RATE
    while trial(high, STEP_SECONDS).is_sustained:
        low, high = high, high * 2
    for _ in range(2 if low else 0):
        middle = round(math.sqrt(low * high))
        if trial(middle, STEP_SECONDS).is_sustained:
            low = middle
        else:
            high = middle
    return low


def _trial(postgres: PostgresServer, contestant: Contestant, rate: int, seconds: int) -> Trial:
    with postgres.database() as url:
        return tried(contestant, url, rate, seconds)


def _floor() -> float:
    program = (sys.executable, "-m", "benchmarks.contest.floor", str(FORKS))
    return float(subprocess.run(program, check=True, capture_output=True).stdout)


def _one_run(url: str) -> Iterator[Measured]:
    import_only()
    ours, imports = due_to_recorded(url, import_only)
    what = "one isolated run, from due to recorded"
    yield Ratio(what, ours, f"starting Python for {BASELINE}", imports, goal=1 / 20)


@contextmanager
def _redis() -> Iterator[Callable[[], str]]:
    """Yields a function that empties Redis and returns its address."""
    (port,) = free_ports(1)
    client = ("redis-cli", "-p", str(port))
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        log = Path(folder, "log")
        server = ("redis-server", "--port", str(port), "--save", "", "--dir", folder)
        process = start(server, log)
        try:
            wait_until(lambda: succeeds(*client, "ping"), "Redis answers", log=log)
            yield lambda: run(*client, "flushall") and f"redis://127.0.0.1:{port}/0"
        finally:
            stop(process)
