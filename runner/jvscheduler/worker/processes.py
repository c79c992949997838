"""The worker's forked processes: started, limited, reaped, and cleaned up after.

Each child adopts what its own descendants leave behind, so long as it lives.
Whatever else turns up among this process's children was left by a child that
has ended: that is how the left-overs of one run are told from another run.
"""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.process import GRACE_SECONDS, Life, TaskProcess, Usage
from jvscheduler.attempt.report import Board
from jvscheduler.attempt.verdict import Ended, Interruption
from jvscheduler.outcomes import Reason
from jvscheduler.worker.child import leave_parent
from jvscheduler.worker.output import Output

_CHILDREN: Final = Path("/proc/thread-self/children")
_HELD_BACK: Final = (signal.SIGTERM, signal.SIGINT)


class Child:
    """`on_ended` is told when it is reaped."""

    def __init__(
        self,
        process: TaskProcess,
        output: Output,
        on_ended: Callable[[Usage], None],
    ) -> None:
        self._process = process
        self.output = output
        self.on_ended = on_ended
        self.interruption: Interruption | None = None
        self.look_at: float | None = None
        """When it is over its limit or its grace, by the monotonic clock."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def gate(self) -> Gate:
        return self._process.gate

    def go(self, limit: float | None, after: float = 0.0) -> None:
        """Nothing, when it was told to end before."""
        if self.interruption is None:
            begin = time.monotonic() + after
            self.look_at = None if limit is None else begin + limit
            self.gate.open(begin)

    def stop(self, reason: Reason) -> None:
        """Asks it to end, and sees to it that it does."""
        if self.interruption is None:
            self.interruption = Interruption(reason, time.monotonic())
            self.look_at = self.interruption.at + GRACE_SECONDS
            self._process.signal(signal.SIGTERM)

    def kill(self) -> None:
        self.look_at = None
        self._process.signal(signal.SIGKILL)

    def look(self, now: float) -> None:
        if self.look_at is not None and now >= self.look_at:
            if self.interruption is None:
                self.stop(Reason.DEADLINE_EXCEEDED)
            else:
                self.kill()

    def begun_at(self) -> float | None:
        return self._process.begun_at()

    def reap(self) -> Usage:
        return self._process.reap()

    def end(self, usage: Usage, oom_kills: int) -> Ended:
        return Ended(usage.exit_code, self._process.report(), self.interruption, oom_kills)


class Children:
    """`own` are descriptors of the parent that are not in the selector."""

    def __init__(self, selector: selectors.BaseSelector, own: Sequence[int]) -> None:
        self._selector = selector
        self._own = tuple(own)
        self._by_pid: dict[int, Child] = {}

    def fork(
        self,
        life: Life,
        output: Output,
        on_ended: Callable[[Usage], None],
    ) -> Child:
        """Raises OSError. A signal to the child waits until the child can answer it."""
        watched = (key.fd for key in self._selector.get_map().values())
        gates = (child.gate.fileno() for child in self._by_pid.values())
        own = [*self._own, *watched, *gates, output.fileno()]

        def begin(board: Board, gate: Gate) -> NoReturn:
            leave_parent(own, output.writer)
            life(board, gate)

        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        try:
            child = Child(TaskProcess(begin), output, on_ended)
        except OSError:
            output.finish()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(output.writer)
        self._by_pid[child.pid] = child
        self._selector.register(output, selectors.EVENT_READ, lambda: self._read(child))
        return child

    def reap(self) -> None:
        reaped = False
        while (pid := _ended_pid()) is not None:
            reaped = True
            if pid in self._by_pid:
                self._finish(self._by_pid.pop(pid))
            else:
                os.waitpid(pid, 0)
        if reaped:
            _end_orphans(self._by_pid)

    def look(self, now: float) -> None:
        for child in self._by_pid.values():
            child.look(now)

    def next_look(self) -> float | None:
        times = (child.look_at for child in self._by_pid.values())
        return min((time for time in times if time is not None), default=None)

    def _read(self, child: Child) -> None:
        if not child.output.read():
            self._finish_output(child)

    def _finish(self, child: Child) -> None:
        usage = child.reap()
        child.gate.close()
        if child.output.fileno() >= 0:
            self._finish_output(child)
        child.on_ended(usage)

    def _finish_output(self, child: Child) -> None:
        self._selector.unregister(child.output)
        child.output.finish()


def _ended_pid() -> int | None:
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if found is None else found.si_pid


def _end_orphans(known: Container[int]) -> None:
    """Their own children turn up here when they have ended."""
    for pid in _child_pids():
        if pid not in known:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _child_pids() -> Iterable[int]:
    try:
        return [int(pid) for pid in _CHILDREN.read_bytes().split()]
    except FileNotFoundError:  # a kernel that does not list them
        import psutil  # noqa: PLC0415 - looks at every process, so only then

        return [child.pid for child in psutil.Process().children()]
