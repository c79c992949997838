"""Ctrl-C and SIGTERM: the first one ends `dev` in good order, the second one at once."""

import asyncio
import signal
from typing import Final

from jvscheduler.loop.log import say

EXIT_KILLED: Final = 130
"""The exit code of a process that SIGINT ended, as shells have it."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Both events of a stop: `requested` by the first signal, `forced` by the second one."""

    def __init__(self) -> None:
        self.requested = asyncio.Event()
        self.forced = asyncio.Event()
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self.requested.is_set():
            self.forced.set()
            return
        say("ending: running tasks are asked to terminate (a second Ctrl-C kills them)")
        self.requested.set()
