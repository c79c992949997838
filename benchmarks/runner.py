"""The time of the runner, against the imports that every process of a task needs.

The baseline imports jvspatial and the module of the task. The runner does that
too, and it claims the job, forks, runs the task and records the outcome. A ratio
below 1 is possible: the runner ends by `os._exit`, which skips Python's cleanup.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.report import Ratio, side_by_side
from jvscheduler import environment
from tests.cluster.postgres import run_postgres

SHOP = Path(__file__).parents[1] / "examples/shop"
ROUNDS = 15
GOAL = 1.1
BASELINE = "import jvspatial, shop.tasks"


def measure() -> Iterator[Ratio]:
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        yield _compare("SQLite", f"sqlite:///{folder}/history.db", Path(folder))
        with run_postgres() as server, server.database() as url:
            yield _compare("PostgreSQL", url, Path(folder))


def _compare(database: str, url: str, folder: Path) -> Ratio:
    attempts = itertools.count(29_540_880)
    run = _runner(url, folder, attempts)
    run()  # the first run creates the tables
    subject, baseline = side_by_side(run, import_only, ROUNDS)
    return Ratio(f"runner of clean_up on {database}", subject, BASELINE, baseline, goal=GOAL)


def _runner(url: str, folder: Path, attempts: Iterator[int]) -> Callable[[], None]:
    def run() -> None:
        job = f"clean-up-{next(attempts)}"
        own = {
            environment.TASK_ID: "shop.tasks.clean_up",
            environment.TASK_NAME: "clean-up",
            environment.ENTRYPOINT: "shop.tasks:clean_up",
            environment.JOB_NAME: job,
            environment.NAMESPACE: "shop",
            environment.POD_NAME: job,
            environment.TERMINATION_LOG: str(folder / "message"),
            environment.DATABASE_URL: url,
        }
        _python("-m", "jvscheduler.runner", environ=own)

    return run


def import_only() -> None:
    _python("-c", BASELINE, environ={})


def _python(*words: str, environ: dict[str, str]) -> None:
    command = [sys.executable, *words]
    env = {**os.environ, **environ}
    subprocess.run(command, cwd=SHOP, env=env, check=True, capture_output=True)
