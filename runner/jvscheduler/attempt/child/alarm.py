"""SIGTERM becomes an error in the task's own code, where it is.

The parent sends SIGTERM. When the task's time is over, it has said so in the memory that it shares
with the child. Then the task gets a TaskTimeout, which is a TimeoutError, once:

- a sync task at the line where it is;
- an async task at its await. Before that, what it awaits and all its other asyncio tasks are
  cancelled and awaited. Otherwise an error inside a TaskGroup would leave its children running;
- an async task that does not come to an await, after a second, at the line where it is.

When it gets SIGTERM for another reason, SystemExit is raised, so that `finally` blocks run.
"""

import _thread
import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from time import monotonic, sleep
from types import FrameType
from typing import Any, Final

from jvscheduler.errors import TaskTimeout

_YIELD_SECONDS: Final = 1.0
"""An async task that has come to no await for this long gets its error where it is."""
_OTHERS_SECONDS: Final = 2.0
"""The task's other asyncio tasks may clean up for this long before the task itself gets its error.
The parent kills all of them 5 s after its signal."""


class Alarm:
    """The handler of SIGTERM. `ring` is what it does when the task's time is over."""

    def __init__(self, is_time_over: Callable[[], bool]) -> None:
        self._is_time_over = is_time_over
        self._pid = os.getpid()
        # An import gets SystemExit: many modules catch Exception around what they import.
        self.ring: Callable[[], None] | None = _exit
        self.told_at: float | None = None
        """When the signal came, by the monotonic clock."""
        self.is_ending = False
        """Set when the task's code has ended: the signal then only makes the end shorter."""

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.told_at = self.told_at or monotonic()
        if self.is_ending:
            return
        # A process that the task has forked has this handler too. It ends without a TaskTimeout.
        if os.getpid() != self._pid or not self._is_time_over():
            _exit()
        ring, self.ring = self.ring, None
        if ring is not None:
            ring()


def raise_timeout() -> None:
    raise _timeout()


def _timeout() -> TaskTimeout:
    return TaskTimeout("the task has run longer than its timeout_seconds; it is killed in 5 s")


def _exit() -> None:
    """Raise instead of ending at once, so that the task's `finally` blocks run."""
    raise SystemExit(128 + signal.SIGTERM)


class Interruptible:
    """Awaits a coroutine, and can raise an error at the await where the coroutine is."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, begin: Callable[[], Awaitable[Any]], alarm: Alarm
    ) -> None:
        self._loop = loop
        self._begin = begin
        self._alarm = alarm
        self._task: asyncio.Task[Any] | None = None
        """The asyncio task that awaits this; None before and after."""
        self._is_over = False
        self._is_raised = False
        self._cancelled: set[asyncio.Task[Any]] = set()

    def ring(self) -> None:
        """Have the error raised at the next await. Called by the signal's handler."""
        self._loop.call_soon_threadsafe(self._interrupt)
        self._alarm.ring = self._raise_here
        # No lock may be taken in a signal's handler, so this is no `threading.Thread`.
        _thread.start_new_thread(self._insist, ())

    def __await__(self) -> Generator[Any, Any, Any]:
        self._task = asyncio.current_task()
        try:
            return (yield from self._drive(_await(self._begin)))
        finally:
            self._task = None

    def _drive(self, coroutine: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = partial(coroutine.send, None)
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                return end.value
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 - it belongs to the coroutine
                step = partial(coroutine.throw, error)
            else:
                step = partial(coroutine.send, None)
            if self._is_over and not self._is_raised:
                self._is_raised = True
                yield from self._end_others().__await__()
                step = partial(coroutine.throw, _timeout())

    def _interrupt(self) -> None:
        """Wake the coroutine. Called in the event loop, so no task is at work now."""
        if self._task is not None and not self._is_raised:
            self._is_over = True
            self._cancel_others()
            self._task.cancel()

    def _raise_here(self) -> None:
        """Raise in the code that has kept the event loop for so long. Called by the handler."""
        at_work = asyncio.current_task(self._loop)
        if self._is_over or self._task is None or at_work is None:
            return
        self._is_raised = at_work is self._task
        raise_timeout()

    def _insist(self) -> None:
        """Signal again if the coroutine keeps the event loop. Runs in a thread of its own."""
        sleep(_YIELD_SECONDS)
        if not self._is_over and self._task is not None:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    async def _end_others(self) -> None:
        """Wait until all other tasks have ended, those too that they still begin."""
        assert self._task is not None  # noqa: S101 - for mypy
        self._task.uncancel()
        end = self._loop.time() + _OTHERS_SECONDS
        while (others := self._cancel_others()) and (left := end - self._loop.time()) > 0:
            await asyncio.wait(others, timeout=left)

    def _cancel_others(self) -> set[asyncio.Task[Any]]:
        """Cancel each other task once: a second time would end its cleaning up."""
        others = {task for task in asyncio.all_tasks(self._loop) if task is not self._task}
        for task in others - self._cancelled:
            task.cancel()
        self._cancelled |= others
        return others


def _await(begin: Callable[[], Awaitable[Any]]) -> Any:
    async def awaiting() -> Any:
        return await begin()

    return awaiting()
