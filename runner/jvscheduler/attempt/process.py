"""The child process as its parent sees it: fork it, let it run, wait for it, end it, reap it."""

import asyncio
import contextlib
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from os import fork, wait4
from typing import Final, NoReturn

from jvscheduler import kernel
from jvscheduler.attempt.deadlines import Progress
from jvscheduler.attempt.descendants import killed_afterwards
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.report import Report, SharedReport
from jvscheduler.redaction import Redactor

ChildMain = Callable[[SharedReport, Gate], NoReturn]
"""The function that the child runs after the fork. It exits the process and never returns."""

_EXIT_CODE_OF_OUR_ERROR: Final = 70
"""EX_SOFTWARE of sysexits.h: the child's own main function has failed, not the task."""


@dataclass(frozen=True)
class Usage:
    """How a child ended and what it used, as the kernel counted it.

    It covers the child and the descendants that the child has waited for. It comes from `wait4`:
    sampling with psutil would see nothing of a short task, and would miss a short peak of memory.
    """

    exit_code: int
    """Negative for a signal, as in `subprocess`."""
    cpu_seconds: float
    peak_memory_bytes: int


class TaskProcess:
    """The child of one attempt."""

    def __init__(self, child_main: ChildMain, redactor: Redactor) -> None:
        """Fork the child. Raises OSError when there is no process to be had.

        The parent must have no thread and no event loop yet: a fork copies their locks in whatever
        state they are.
        """
        self._shared = SharedReport(redactor)
        self._forked_at = time.monotonic()
        self.gate = Gate()
        try:
            self.pid = fork()
        except OSError:
            self.gate.close_both_ends()
            raise
        if self.pid == 0:
            _run_child(child_main, self._shared, self.gate)
        self.gate.keep_parent_end()
        # Both processes set the group, because either may run first: a signal to the group must
        # not be sent before the group exists. The second call fails without harm.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(self.pid, self.pid)

    async def wait(self) -> None:
        """Wait until the child has ended. It stays a zombie until `reap`, and so keeps its id."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        end = kernel.EndDescriptor(self.pid)
        loop.add_reader(end, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(end)
            end.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child and to the other processes of its group."""
        kernel.signal_group(self.pid, number)

    def kill(self) -> None:
        """Kill the child with its group, and the descendants that nobody would find without it."""
        with killed_afterwards(self.pid):
            self.signal(signal.SIGKILL)

    def reap(self) -> Usage:
        """Kill what is left of the child's process group, and return what the child used."""
        self.signal(signal.SIGKILL)
        _, status, usage = wait4(self.pid, 0)
        return Usage(
            exit_code=os.waitstatus_to_exitcode(status),
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            peak_memory_bytes=kernel.peak_memory_bytes(usage.ru_maxrss),
        )

    def end_for_time(self) -> None:
        """Let the child end because a time limit is over: it may clean up, until it is killed."""
        self._shared.mark_time_over()
        self.signal(signal.SIGTERM)

    def progress(self) -> Progress:
        shared = self._shared
        started, finished = shared.started_monotonic(), shared.finished_monotonic()
        return Progress(self._forked_at, shared.is_loaded(), started, finished)

    def task_started_at(self) -> float | None:
        """Return when the task's own code began, in Unix seconds; None when it has not begun."""
        return self._shared.started_at()

    def task_ended_at(self) -> float:
        """Return the time in Unix seconds, for a child that has just ended."""
        return self._shared.ended_at(time.time(), time.monotonic())

    def report(self) -> Report | None:
        """Return the child's own report; None when it ended without one."""
        return self._shared.read()


def _run_child(child_main: ChildMain, shared: SharedReport, gate: Gate) -> NoReturn:
    # If an error left this function, the child would go on as a second supervisor of the attempt.
    try:
        gate.keep_child_end()
        child_main(shared, gate)
    except BaseException:  # noqa: BLE001 - printed here; the process ends below
        traceback.print_exc()
    finally:
        os._exit(_EXIT_CODE_OF_OUR_ERROR)
