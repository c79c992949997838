"""Runs in a forked child before the task, and drops what belongs to the worker.

These are its file descriptors, its signal handlers and its random state. jvspatial's default
database is bound again by `attempt.child`. Other connections, and threads, do not survive a fork; a
module should make them in the task and not when it is imported.
"""

import importlib
import os
import sys
import threading
import time
from collections.abc import Iterable
from signal import set_wakeup_fd
from typing import NoReturn

from jvscheduler import environment
from jvscheduler.attempt import kernel
from jvscheduler.attempt.child.main import failure_report, run_task, run_trial
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.report import Report, SharedReport
from jvscheduler.outcomes import Reason
from jvscheduler.worker.messages import Start


def leave_worker(own: Iterable[int], output: int) -> None:
    """Close the worker's own descriptors, and make `output` stdout and stderr."""
    set_wakeup_fd(-1)
    for descriptor in own:
        os.close(descriptor)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    # The worker kills the orphans that it adopts, as left by attempts that have ended. An orphan of
    # an attempt that still runs must therefore come to this process, not to the worker.
    kernel.adopt_orphans()
    _reseed()


def run_attempt(
    start: Start, database_url: str | None, shared: SharedReport, gate: Gate
) -> NoReturn:
    os.environ.update(start.environ)
    url = start.environ.get(environment.DATABASE_URL) or database_url
    run_task(start.entrypoint, url, shared, gate)


def try_import(module: str, shared: SharedReport, gate: Gate) -> NoReturn:
    def work() -> Report:
        gate.wait()
        return _import(module)

    run_trial(work, shared)


def _import(module: str) -> Report:
    try:
        importlib.import_module(module)
    except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
        return failure_report(Reason.IMPORT_FAILED, error)
    if (threads := threading.active_count() - 1) > 0:
        text = f"it starts {threads} thread(s) when imported, which no fork outlives"
        return Report(time.monotonic(), Reason.IMPORT_FAILED, text)
    return Report(time.monotonic())


def _reseed() -> None:
    # Python seeds `random` anew after a fork. NumPy does not: without this, each child would draw
    # the same numbers.
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
