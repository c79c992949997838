"""The worker's life: one thread, one selector, and never a wait for anybody in particular.

It forks, so it may have neither threads nor an event loop. Told to terminate, it
goes on until the loop has closed the connection, for the loop gets the same
signal and knows what to record; only when its own time is nearly over does it
end its children by itself.
"""

import contextlib
import os
import selectors
import signal
import socket
import time
from types import FrameType
from typing import Final, assert_never

from jvscheduler.attempt.process import GRACE_SECONDS
from jvscheduler.outcomes import Reason
from jvscheduler.worker.attempts import Runs
from jvscheduler.worker.connection import Door
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
from jvscheduler.worker.processes import Children
from jvscheduler.worker.settings import Settings

_RESERVE_SECONDS: Final = GRACE_SECONDS + 1.0
"""What ending the children may take."""

_LOG_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 3600.0


class Worker:
    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._log = Log(1)
        self._selector = selectors.EpollSelector()
        self._wake, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._children = Children(self._selector, [self._selector.fileno(), self._waker])
        self._door = Door(listener, self._selector, self._log, self)
        send, database_url = self._door.send, settings.database_url
        self._runs = Runs(self._children, send, self._log, database_url)
        self._imports = Imports(self._children, send, self._log, self._listen_to_signals)
        self._grace = max(0.0, settings.grace_seconds - _RESERVE_SECONDS)
        self._stop_at: float | None = None

    def serve(self) -> None:
        """Until it was told to terminate and nothing is left to do."""
        self._listen_to_signals()
        while not self._is_over():
            for key, _ in self._selector.select(self._pause()):
                key.data()
            self._children.reap()
            self._children.look(time.monotonic())
            self._log.flush()  # what a run printed comes before its end
            self._door.flush()

    def _listen_to_signals(self) -> None:
        """Also after a user's module was imported, which may have set its own."""
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_terminate)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

    def _told_to_terminate(self, _number: int, _frame: FrameType | None) -> None:
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._grace

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

    def _is_over(self) -> bool:
        if self._stop_at is None:
            return False
        abandoned = not self._door.is_connected
        late = time.monotonic() >= self._stop_at
        if abandoned or late:
            self._runs.stop_all(Reason.TERMINATED)
        return self._runs.is_idle if abandoned else late and self._runs.is_settled

    def _pause(self) -> float:
        """Until the next thing that no descriptor will tell."""
        if not self._log.flush():
            return _LOG_PAUSE
        now, look_at = time.monotonic(), self._children.next_look()
        pauses = [_LONGEST_PAUSE]
        if look_at is not None:
            pauses.append(max(0.0, look_at - now))
        if self._stop_at is not None and self._stop_at > now:
            pauses.append(self._stop_at - now)
        return min(pauses)

    def loop_came(self) -> None:
        self._runs.greet()

    def loop_went(self) -> None:
        self._runs.discard_all()

    def obey(self, order: Order) -> None:
        match order:
            case Start():
                self._runs.start(order)
            case Go(run_id, after_seconds):
                self._runs.go(run_id, after_seconds)
            case Discard(run_id):
                self._runs.discard(run_id)
            case Stop(run_id, reason):
                self._runs.stop(run_id, _reason(reason))
            case Acknowledge(run_id):
                self._runs.acknowledge(run_id)
            case Prepare(modules):
                self._imports.prepare(modules)
            case _:
                assert_never(order)


def _reason(text: str) -> Reason:
    if text not in (Reason.TERMINATED, Reason.REPLACED):
        raise InvalidMessage(f"a run is not stopped for the reason {text!r}")
    return Reason(text)
