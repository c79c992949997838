"""The worker: one thread and one selector, which never wait for one party in particular.

It forks, so it may have neither threads nor an event loop. After SIGTERM it goes on until the loop
closes the connection: the loop gets the same signal, and it knows what has to be recorded. The
worker ends its children by itself only when its own grace is nearly over.
"""

import contextlib
import os
import selectors
import signal
import socket
import time
from signal import pthread_sigmask, set_wakeup_fd
from signal import signal as handle
from types import FrameType
from typing import Final, assert_never

from jvscheduler import kernel
from jvscheduler.attempt.deadlines import GRACE_SECONDS
from jvscheduler.outcomes import Reason
from jvscheduler.worker.attempts import WorkerAttempts
from jvscheduler.worker.connection import Connection
from jvscheduler.worker.effects.imports import ImportedModules
from jvscheduler.worker.imports import Imports
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import (
    Acknowledge,
    Discard,
    Go,
    InvalidMessage,
    Order,
    Prepare,
    Start,
    Stop,
)
from jvscheduler.worker.processes import ChildProcesses
from jvscheduler.worker.settings import Settings

_RESERVE_SECONDS: Final = GRACE_SECONDS + 1.0
"""Kept back from the worker's own grace: ending the children may take this long."""
_LOG_PAUSE: Final = 0.01
"""Seconds until the log is tried again, while its reader is slow."""
_LONGEST_PAUSE: Final = 3600.0
"""Seconds. Every event wakes the selector, so this wait only has to be finite."""


class Worker:
    """`parent` is the parent's end, where the kernel sends no signal when it has come."""

    def __init__(
        self, settings: Settings, server: socket.socket, parent: kernel.EndDescriptor | None
    ) -> None:
        self._log = Log(1, settings.log.lines)
        self._selector = kernel.new_selector()
        if parent is not None:
            self._selector.register(parent, selectors.EVENT_READ, lambda: self._orphaned(parent))
        # Signals wake the selector through this pipe: Python writes a byte into it for each one.
        self._wakeup, self._wakeup_writer = os.pipe()
        for end in (self._wakeup, self._wakeup_writer):
            os.set_blocking(end, False)
        self._selector.register(self._wakeup, selectors.EVENT_READ, self._drain_wakeups)
        own = [self._selector.fileno(), self._wakeup_writer]
        self._children = ChildProcesses(self._selector, own)
        self._connection = Connection(server, self._selector, self._log, self)
        send, database_url = self._connection.send, settings.database_url
        modules = ImportedModules()
        self._attempts = WorkerAttempts(self._children, modules, send, self._log, database_url)
        self._imports = Imports(
            self._children, modules, send, self._log, self._install_signal_handlers
        )
        self._grace = max(0.0, settings.grace_seconds - _RESERVE_SECONDS)
        self._end_by: float | None = None
        """Set by SIGTERM: when the children are ended at the latest, by the monotonic clock."""

    def serve(self) -> None:
        """Return after SIGTERM, when nothing is left to do."""
        self._install_signal_handlers()
        while not self._is_over():
            for key, _ in self._selector.select(self._pause()):
                key.data()
            self._children.reap()
            self._children.enforce_deadlines(time.monotonic())
            # The log goes first, so that what an attempt printed is there before its end is known.
            self._log.flush()
            self._children.watch_output(self._log.has_room)
            self._connection.flush()
        self._log.drain()

    def _install_signal_handlers(self) -> None:
        # These functions were bound before any module was imported: gevent replaces them.
        set_wakeup_fd(self._wakeup_writer, warn_on_full_buffer=False)
        # If a module has it ignored, the kernel reaps the children, and their ends are lost.
        handle(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGTERM, signal.SIGINT):
            handle(number, self._on_terminate)
        pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

    def _orphaned(self, parent: kernel.EndDescriptor) -> None:
        self._selector.unregister(parent)
        self._terminate()

    def _on_terminate(self, _number: int, _frame: FrameType | None) -> None:
        self._terminate()

    def _terminate(self) -> None:
        if self._end_by is None:
            self._end_by = time.monotonic() + self._grace

    def _drain_wakeups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)

    def _is_over(self) -> bool:
        """True when the worker may exit. Ends the children when nobody else will."""
        if self._end_by is None:
            return False
        alone = not self._connection.is_open
        late = time.monotonic() >= self._end_by
        if alone or late:
            self._attempts.stop_all(Reason.TERMINATED)
        # A connected loop gets each end and acknowledges it before the worker exits. Without a
        # loop nobody would acknowledge anything.
        return self._attempts.has_none if alone else late and self._attempts.all_acknowledged

    def _pause(self) -> float:
        """Return the seconds until something is due that wakes no descriptor."""
        if not self._log.flush():
            return _LOG_PAUSE
        now, deadline = time.monotonic(), self._children.next_deadline()
        pauses = [_LONGEST_PAUSE]
        if deadline is not None:
            pauses.append(max(0.0, deadline - now))
        if self._end_by is not None and self._end_by > now:
            pauses.append(self._end_by - now)
        return min(pauses)

    def on_connected(self) -> None:
        self._attempts.greet()

    def on_disconnected(self) -> None:
        # The next loop to connect may be another one, which knows nothing of them. The same loop
        # orders their start again.
        self._attempts.discard_all()

    def on_order(self, order: Order) -> None:
        match order:
            case Start():
                self._attempts.start(order)
            case Go(run_id, after_seconds):
                self._attempts.go(run_id, after_seconds)
            case Discard(run_id):
                self._attempts.discard(run_id)
            case Stop(run_id, reason):
                self._attempts.stop(run_id, _reason(reason))
            case Acknowledge(run_id):
                self._attempts.acknowledge(run_id)
            case Prepare(modules):
                self._imports.prepare(modules)
            case _:
                assert_never(order)


def _reason(text: str) -> Reason:
    if text not in (Reason.TERMINATED, Reason.REPLACED):
        raise InvalidMessage(f"an attempt is not stopped for the reason {text!r}")
    return Reason(text)
