"""A thread that runs a coroutine in an event loop of its own, until somebody ends it."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final

_LOOK_SECONDS: Final = 1.0
"""How often the watcher looks if the scheduler was stopped. Without these looks, each stopped
scheduler would leave a thread behind."""

_log = logging.getLogger(__name__)


class LoopThread:
    """Ends at `end`, and when the process's main thread is over."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._is_ending = False
        # No daemon: Python waits for it, so that what runs is ended and recorded.
        self._thread = threading.Thread(target=self._main, name="jvscheduler")
        self._watcher = threading.Thread(target=self._wait_for_main, daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive() and not self._is_ending

    def start(self) -> None:
        self._thread.start()
        self._watcher.start()

    def call(self, function: Callable[[], None]) -> None:
        """Call it in the thread, soon. Nothing is called once the thread has ended."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(function)

    def end(self) -> None:
        """Cancel the coroutine, and return when it has ended."""
        self._is_ending = True
        self.call(self._stop.set)
        self._thread.join()

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        working = asyncio.create_task(self._work())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        # Once only: a second one would interrupt what the coroutine does at its end.
        working.cancel()
        stopping.cancel()
        await asyncio.wait({working, stopping})
        if not working.cancelled() and (error := working.exception()) is not None:
            _log.critical("the scheduler ended for good", exc_info=error)

    def _wait_for_main(self) -> None:
        # Python joins its threads before it runs exit handlers, which would come too late.
        main = threading.main_thread()
        while main.is_alive() and self._thread.is_alive():
            main.join(_LOOK_SECONDS)
        self.end()
