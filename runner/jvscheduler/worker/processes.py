"""The worker's child processes: forked, held to their time limits, reaped, and cleaned up after.

The end of each child has a descriptor of its own, which the selector watches. An imported module
may change the handling of SIGCHLD and replace functions of `os` and `signal`, as gevent does. So no
signal tells of an end, and such functions are bound before any module is imported.

As long as it lives, each child adopts the processes that its own descendants leave behind. So any
other process that appears among the worker's children was left behind by a child that has ended.
That is how the worker knows which left-over processes it may kill while other attempts run. On
macOS nobody adopts them: there, an attempt ends its own (`attempt.descendants`).
"""

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable, Container, Iterable, Sequence
from os import waitpid
from signal import pthread_sigmask
from typing import Final, NoReturn

from jvscheduler import kernel
from jvscheduler.attempt.deadlines import GRACE_SECONDS, exceeded, look_again_at, must_be_killed
from jvscheduler.attempt.gate import Gate
from jvscheduler.attempt.process import ChildMain, TaskProcess, Usage
from jvscheduler.attempt.report import SharedReport
from jvscheduler.attempt.verdict import Interruption, ProcessEnd
from jvscheduler.outcomes import Reason
from jvscheduler.worker.child import leave_worker
from jvscheduler.worker.output import Output

_BLOCKED_IN_FORK: Final = (signal.SIGTERM, signal.SIGINT)


class ChildProcess:
    """One child. `on_ended` is called after it was reaped."""

    def __init__(
        self,
        process: TaskProcess,
        output: Output,
        on_ended: Callable[["ChildProcess", Usage], None],
    ) -> None:
        self._process = process
        self.output = output
        self.on_ended = on_ended
        self.interruption: Interruption | None = None
        self._timeout_seconds: float | None = None
        """The limit of the task's own code. None before `release`: the code cannot have begun."""
        self.deadline: float | None = None
        """When to look whether a limit is over, and after that when its grace is over; by the
        monotonic clock."""
        self._look_again(time.monotonic())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def gate(self) -> Gate:
        return self._process.gate

    def release(self, limit: float | None, after: float = 0.0) -> None:
        """Let it begin after so many seconds. Do nothing when it was stopped before."""
        if self.interruption is None:
            begin = time.monotonic() + after
            self._timeout_seconds = limit
            self._look_again(begin)
            self.gate.open(begin)

    def stop(self, reason: Reason) -> None:
        """Send SIGTERM; when the grace is over, `enforce_deadline` sends SIGKILL."""
        if self.interruption is None:
            self._interrupt(reason)
            self._process.signal(signal.SIGTERM)

    def kill(self) -> None:
        self.deadline = None
        self._process.kill()

    def enforce_deadline(self, now: float) -> None:
        if self.deadline is not None and now >= self.deadline:
            if self.interruption is not None or must_be_killed(self._process.progress(), now):
                self.kill()
            elif reason := exceeded(self._process.progress(), self._timeout_seconds, now):
                self._interrupt(reason)
                self._process.end_for_time()
            else:
                self._look_again(now)

    def task_started_at(self) -> float | None:
        return self._process.task_started_at()

    def task_ended_at(self) -> float:
        return self._process.task_ended_at()

    def reap(self) -> Usage:
        return self._process.reap()

    def _interrupt(self, reason: Reason) -> None:
        self.interruption = Interruption(reason, time.monotonic())
        self.deadline = self.interruption.at + GRACE_SECONDS

    def _look_again(self, now: float) -> None:
        self.deadline = look_again_at(self._process.progress(), self._timeout_seconds, now)

    def end(self, usage: Usage, oom_kills: int) -> ProcessEnd:
        return ProcessEnd(usage.exit_code, self._process.report(), self.interruption, oom_kills)


class ChildProcesses:
    """All children. `own` are the worker's file descriptors that are not in the selector."""

    def __init__(self, selector: selectors.BaseSelector, own: Sequence[int]) -> None:
        self._selector = selector
        self._own = tuple(own)
        self._by_pid: dict[int, ChildProcess] = {}
        self._ends: dict[int, kernel.EndDescriptor] = {}
        """The end of each child, and of each orphan that was killed, by process id."""
        self._watches_output = True

    def fork(
        self,
        child_main: ChildMain,
        output: Output,
        on_ended: Callable[[ChildProcess, Usage], None],
    ) -> ChildProcess:
        """Fork a child. Raises OSError when there is no process to be had."""
        # The child closes every descriptor of the worker: a task could otherwise write to the loop
        # or to another attempt, or keep another child's gate open after the worker has died.
        watched = (key.fd for key in self._selector.get_map().values())
        gates = (child.gate.fileno() for child in self._by_pid.values())
        outputs = (child.output.fileno() for child in self._by_pid.values())
        own = {*self._own, *watched, *gates, *outputs, output.fileno()} - {-1}

        def leave_and_run(shared: SharedReport, gate: Gate) -> NoReturn:
            leave_worker(own, output.writer)
            child_main(shared, gate)

        # Right after the fork, the child still has the worker's signal handlers. A signal that
        # came then would be lost in it; blocked, it waits until the child has its own handlers.
        before = pthread_sigmask(signal.SIG_BLOCK, _BLOCKED_IN_FORK)
        try:
            child = ChildProcess(TaskProcess(leave_and_run, output.redactor), output, on_ended)
        except OSError:
            output.finish()
            raise
        finally:
            pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(output.writer)
        self._by_pid[child.pid] = child
        self._watch_end(child.pid)
        if self._watches_output:
            self._watch(child)
        return child

    def watch_output(self, wanted: bool) -> None:
        """Read what children print, or leave it in their pipes for now."""
        if wanted == self._watches_output:
            return
        self._watches_output = wanted
        for child in self._by_pid.values():
            if child.output.fileno() < 0:
                continue
            if wanted:
                self._watch(child)
            else:
                self._selector.unregister(child.output)

    def reap(self) -> None:
        """Reap every child that has ended, and then kill the processes that they left behind."""
        reaped = False
        while (pid := kernel.ended_child(self._ends)) is not None:
            reaped = True
            self._forget_end(pid)
            if pid in self._by_pid:
                self._finish(self._by_pid.pop(pid))
            else:
                waitpid(pid, 0)
        if reaped:
            for orphan in _kill_orphans(self._by_pid):
                self._watch_end(orphan)

    def enforce_deadlines(self, now: float) -> None:
        for child in self._by_pid.values():
            child.enforce_deadline(now)

    def next_deadline(self) -> float | None:
        deadlines = (child.deadline for child in self._by_pid.values())
        return min((at for at in deadlines if at is not None), default=None)

    def _watch_end(self, pid: int) -> None:
        """Have the selector wake the worker when the process ends; `reap` does the rest."""
        if pid not in self._ends:
            self._ends[pid] = end = kernel.EndDescriptor(pid)
            self._selector.register(end, selectors.EVENT_READ, _wake)

    def _forget_end(self, pid: int) -> None:
        end = self._ends.pop(pid, None)
        if end is not None:
            self._selector.unregister(end)
            end.close()

    def _watch(self, child: ChildProcess) -> None:
        self._selector.register(child.output, selectors.EVENT_READ, lambda: self._read(child))

    def _read(self, child: ChildProcess) -> None:
        if not child.output.read():
            self._finish_output(child)

    def _finish(self, child: ChildProcess) -> None:
        usage = child.reap()
        child.gate.close()
        if child.output.fileno() >= 0:
            self._finish_output(child)
        child.on_ended(child, usage)

    def _finish_output(self, child: ChildProcess) -> None:
        if self._watches_output:
            self._selector.unregister(child.output)
        child.output.finish()


def _wake() -> None:
    """Do nothing: the worker reaps after each event."""


def _kill_orphans(known: Container[int]) -> Sequence[int]:
    """Kill the children that the worker has not forked itself, and return their ids."""
    # An orphan's own children become the worker's when it has died. The next reaping finds them.
    orphans = [pid for pid in _child_pids() if pid not in known]
    for pid in orphans:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return orphans


def _child_pids() -> Iterable[int]:
    listed = kernel.child_pids()
    if listed is not None:
        return listed
    import psutil  # noqa: PLC0415 - slow, because it looks at every process of the machine

    return [child.pid for child in psutil.Process().children()]
