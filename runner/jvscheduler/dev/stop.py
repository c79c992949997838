"""Ctrl-C and SIGTERM: the first ends everything in good order, the second at once."""

import asyncio
import signal
from typing import Final

from jvscheduler.loop.log import say

KILLED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """`asked` after the first signal, `impatient` after the second."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.impatient = asyncio.Event()
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self.asked.is_set():
            self.impatient.set()
            return
        say("ending: running tasks are told to terminate (again to kill them)")
        self.asked.set()
