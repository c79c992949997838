"""The first moments of a forked process: what of its parent must not live on in it.

Its descriptors, its signals and its random state. jvspatial's default context is
bound anew by the runner's own child; a module's other connections and its
threads are for the module to make in the task and not when it is imported.
"""

import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from typing import NoReturn

from jvscheduler import environment
from jvscheduler.attempt import kernel
from jvscheduler.attempt.child.main import be_the_task, failed, live
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.report import Board, Report
from jvscheduler.outcomes import Reason
from jvscheduler.worker.messages import Start


def leave_parent(own: Iterable[int], output: int) -> None:
    """`own` are the parent's descriptors; `output` becomes stdout and stderr."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in own:
        os.close(descriptor)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    kernel.adopt_orphans()
    _reseed()


def run(start: Start, database_url: str | None, board: Board, gate: Gate) -> NoReturn:
    os.environ.update(start.environ)
    url = start.environ.get(environment.DATABASE_URL) or database_url
    be_the_task(start.entrypoint, url, board, gate)


def try_import(module: str, board: Board, gate: Gate) -> NoReturn:
    def work() -> Report:
        gate.wait()
        return _imported(module)

    live(work, board)


def _imported(module: str) -> Report:
    try:
        importlib.import_module(module)
    except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
        return failed(Reason.IMPORT_FAILED, error)
    if (threads := threading.active_count() - 1) > 0:
        text = f"it starts {threads} thread(s) when imported, which no fork outlives"
        return Report(time.monotonic(), Reason.IMPORT_FAILED, text)
    return Report(time.monotonic())


def _reseed() -> None:
    """`random` sees to itself; NumPy's global generator would repeat itself in each child."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
