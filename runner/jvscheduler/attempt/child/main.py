"""What happens in the task's process, from the fork to its end.

It never returns: the process ends here, without waiting for threads that the
task left behind. What the task left running ends with it.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from io import TextIOWrapper
from types import FrameType
from typing import Any, NoReturn

from jvscheduler.attempt import kernel
from jvscheduler.attempt.child.calls import prepared
from jvscheduler.attempt.child.default_database import DefaultDatabase
from jvscheduler.attempt.entrypoint import TaskNotFound, load
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.report import Board, Report, encode, presentable
from jvscheduler.attempt.tracebacks import error_message, trace
from jvscheduler.outcomes import Reason


def be_the_task(entrypoint: str, database_url: str | None, board: Board, gate: Gate) -> NoReturn:
    live(lambda: _attempt(entrypoint, database_url, board, gate), board)


def live(work: Callable[[], Report], board: Board) -> NoReturn:
    """A forked process's whole life: what `work` reports is on the board when it has ended."""
    pid = os.getpid()
    _settle()
    report = work()
    if os.getpid() != pid:  # a process that the task forked came back out of the task
        os._exit(0)
    board.write(report)
    _flush()
    os._exit(0 if report.completed else 1)


def _settle() -> None:
    os.setpgid(0, 0)
    kernel.die_with_parent()
    kernel.prefer_for_oom_kill()
    signal.signal(signal.SIGTERM, _raise_exit)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(line_buffering=True)


def _raise_exit(number: int, _frame: FrameType | None) -> None:
    """So that `finally` blocks run when the task is told to end."""
    raise SystemExit(128 + number)


def _attempt(entrypoint: str, database_url: str | None, board: Board, gate: Gate) -> Report:
    """What can be done before the task is due is done before."""
    ready = _ready(entrypoint, database_url)
    _rehearse(board)
    gate.wait()
    board.begin(time.time())
    return ready if isinstance(ready, Report) else _run(ready)


def _ready(entrypoint: str, database_url: str | None) -> Callable[[], Any] | Report:
    try:
        target = load(entrypoint)
        close = DefaultDatabase(database_url).close if database_url else _nothing
        return prepared(target, close)
    except TaskNotFound as error:
        return Report(time.monotonic(), Reason.TASK_NOT_FOUND, str(error))
    except BaseException as error:  # noqa: BLE001 - a module may raise SystemExit too
        return failed(Reason.IMPORT_FAILED, error)


def _rehearse(board: Board) -> None:
    """The kernel copies each page that a forked process writes to, the first time: what is done
    around a task is done for nothing first, so that it takes no time when the task is due."""
    board.begin(0.0)
    encode(_run(prepared(lambda: None, _nothing)))


def _run(work: Callable[[], Any]) -> Report:
    try:
        result = work()
    except SystemExit as error:
        if error.code in (None, 0):
            return Report(time.monotonic())
        return failed(Reason.TASK_RAISED, error)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is recorded
        return failed(Reason.TASK_RAISED, error)
    return Report(time.monotonic(), result=presentable(result))


async def _nothing() -> None:
    """There is no database to close."""


def failed(reason: Reason, error: BaseException) -> Report:
    return Report(time.monotonic(), reason, error_message(error), trace(error))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the task closed it
            stream.flush()
