"""The task's process, seen from the supervisor: start, let go, wait, end, reap."""

import asyncio
import contextlib
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.report import Board, Report

Life = Callable[[Board, Gate], NoReturn]

GRACE_SECONDS: Final = 5.0
"""Between SIGTERM and SIGKILL."""

_ESCAPED: Final = 70
"""EX_SOFTWARE of sysexits.h."""


@dataclass(frozen=True)
class Usage:
    """Of the task's process and the children that it waited for, as the kernel counted them.

    From wait4, and not by sampling with psutil: a short task would end between
    two samples, and a peak would be missed.
    """

    exit_code: int
    cpu_seconds: float
    peak_memory_bytes: int


class TaskProcess:
    def __init__(self, life: Life) -> None:
        """Forks. No thread and no event loop may exist yet. Raises OSError."""
        self._board = Board()
        self.gate = Gate()
        try:
            self.pid = os.fork()
        except OSError:
            self.gate.abandon()
            raise
        if self.pid == 0:
            _live(life, self._board, self.gate)
        self.gate.keep_outer()
        with contextlib.suppress(PermissionError, ProcessLookupError):  # it was faster itself
            os.setpgid(self.pid, self.pid)

    async def wait(self) -> None:
        """Until the process has ended; it stays a zombie, its id still its own, until `reap`."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._look, ended)
        self._look(ended)
        try:
            await ended.wait()
        finally:
            loop.remove_signal_handler(signal.SIGCHLD)

    def signal(self, number: signal.Signals) -> None:
        """To the task and the processes of its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def reap(self) -> Usage:
        """Ends what the task left behind in its group, and tells what the task took."""
        self.signal(signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        return Usage(
            exit_code=os.waitstatus_to_exitcode(status),
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_memory_bytes=usage.ru_maxrss * 1024,
        )

    def begun_at(self) -> float | None:
        """Unix seconds when the task's own code began; None when it has not."""
        return self._board.begun_at()

    def report(self) -> Report | None:
        return self._board.read()

    def _look(self, ended: asyncio.Event) -> None:
        options = os.WEXITED | os.WNOWAIT | os.WNOHANG
        if os.waitid(os.P_PID, self.pid, options) is not None:
            ended.set()


def _live(life: Life, board: Board, gate: Gate) -> NoReturn:
    """Whatever happens here, it must not go on as a second supervisor."""
    try:
        gate.keep_inner()
        life(board, gate)
    except BaseException:  # noqa: BLE001 - said, and ended below
        traceback.print_exc()
    finally:
        os._exit(_ESCAPED)


def end_descendants() -> None:
    """Kills every process that is left below this one, also those in groups of their own."""
    while _has_children():
        import psutil  # noqa: PLC0415 - few tasks leave processes behind

        left = psutil.Process().children(recursive=True)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess, ChildProcessError):
                process.wait()


def _has_children() -> bool:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            continue
        return True
    return False
