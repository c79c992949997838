"""Ctrl-C, SIGTERM and SIGHUP: the first one ends `dev` in good order, the second one at once.

SIGHUP comes when the terminal closes. The kernel and the shell may both send it, so a
second SIGHUP does not force the end.
"""

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
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._signalled)
        # `nohup` ignores SIGHUP, so that the command outlives its terminal.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self._request)

    def _signalled(self) -> None:
        if self.requested.is_set():
            self.forced.set()
        self._request()

    def _request(self) -> None:
        if self.requested.is_set():
            return
        say("ending: running tasks are asked to terminate (a second Ctrl-C kills them)")
        self.requested.set()
