"""Runs in a forked child before the task, and drops what belongs to the worker.

These are its file descriptors, its signal handlers and its random state. jvspatial's default
database is bound again by `attempt.child`. Other connections, and threads, do not survive a fork; a
module should make them in the task and not when it is imported.
"""

import os
import sys
import threading
import time
from collections.abc import Iterable
from os import fork, waitpid
from signal import set_wakeup_fd
from time import sleep
from typing import Final, NoReturn

from jvscheduler import environment, kernel
from jvscheduler.attempt.child.calls import Callee
from jvscheduler.attempt.child.main import failure_report, run_task, run_trial
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.report import Report, SharedReport
from jvscheduler.outcomes import Reason
from jvscheduler.worker.effects.imports import ChangesRemain, ImportedModules, RunImports
from jvscheduler.worker.messages import Start

_SECONDS_TO_LEAVE: Final = 0.5


def leave_worker(own: Iterable[int], output: int) -> None:
    """Close the worker's own descriptors, and make `output` stdout and stderr."""
    set_wakeup_fd(-1)
    kernel.close_inherited(own)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    # The worker kills the orphans that it adopts, as left by attempts that have ended. An orphan of
    # an attempt that still runs must therefore come to this process, not to the worker.
    kernel.adopt_orphans()
    _reseed()


def run_attempt(
    start: Start,
    imports: RunImports | None,
    database_url: str | None,
    shared: SharedReport,
    gate: Gate,
) -> NoReturn:
    os.environ.update(start.environ)
    url = start.environ.get(environment.DATABASE_URL) or database_url
    begin = imports.begin if imports is not None else _nothing
    callee = Callee(start.entrypoint, start.args, start.no_retry_on)
    run_task(callee, url, shared, gate, before_import=begin)


def _nothing() -> None:
    """No module changes anything."""


def try_import(module: str, modules: ImportedModules, shared: SharedReport, gate: Gate) -> NoReturn:
    """The result of its report are the digests of the random states that the import came to."""

    def work() -> Report:
        gate.wait()
        return _import(module, modules)

    run_trial(work, shared)


def _import(module: str, modules: ImportedModules) -> Report:
    before = _threads()
    try:
        digests = modules.import_here(module)
    except ChangesRemain as remain:
        text = f"it changes {remain} when imported, which cannot be undone for other modules' runs"
        return Report(time.monotonic(), Reason.IMPORT_FAILED, text)
    except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
        return failure_report(Reason.IMPORT_FAILED, error)
    if (threads := threading.active_count() - 1) > 0:
        text = f"it starts {threads} thread(s) when imported, which no fork outlives"
        return Report(time.monotonic(), Reason.IMPORT_FAILED, text)
    if native := _native_threads_that_stay(before):
        text = (
            f"it starts {native} thread(s) of native code when imported, which no fork outlives; "
            "a run that waits for one would hang"
        )
        return Report(time.monotonic(), Reason.IMPORT_FAILED, text)
    return Report(time.monotonic(), result=digests)


def _native_threads_that_stay(before: int) -> int:
    """Return how many threads are left at a fork that Python does not know of.

    `before` is the number of threads before the import.

    A library that is prepared for forks ends its threads before each, and starts them again when
    they are needed. NumPy's OpenBLAS does: it has one after its import, and none after a fork.
    """
    if _threads() <= before:
        return 0
    pid = fork()
    if pid == 0:
        os._exit(0)
    waitpid(pid, 0)
    # A thread that was ended leaves the kernel's list a moment later.
    end = time.monotonic() + _SECONDS_TO_LEAVE
    while (left := _threads() - before) > 0 and time.monotonic() < end:
        sleep(0.01)
    return left


def _threads() -> int:
    """Return how many threads this process has, those of native code too."""
    counted = kernel.count_threads()
    if counted is not None:
        return counted
    import psutil  # noqa: PLC0415 - only where the kernel lists no threads

    return psutil.Process().num_threads()


def _reseed() -> None:
    # Python seeds `random` anew after a fork. NumPy does not: without this, each child would draw
    # the same numbers.
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
