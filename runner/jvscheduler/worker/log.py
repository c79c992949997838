"""The worker's stdout, which is the container's log: written without ever waiting for a reader.

Its mode is left alone, since a terminal or a pipe may be shared with others.
Instead the kernel is asked first, and then given no more than it takes at once.
What finds no room is dropped, and the log says how much: a reader that hangs
must not hold up the tasks.
"""

import os
import select
from typing import Final

OWN: Final = "jvscheduler"
"""In place of a task's id, before what the worker itself says."""
_ROOM: Final = 1024 * 1024
_AT_ONCE: Final = 4096
"""PIPE_BUF: a pipe that is ready for writing takes this much."""


class Log:
    def __init__(self, file: int) -> None:
        self._file = file
        self._ready = select.poll()
        self._ready.register(file, select.POLLOUT)
        self._pending = bytearray()
        self._dropped = 0

    def say(self, text: str) -> None:
        self.write(OWN, text.encode())

    def write(self, owner: str, line: bytes) -> None:
        if len(self._pending) + len(line) > _ROOM:
            self._dropped += 1
        else:
            self._pending += b"[%b] %b\n" % (owner.encode(), line)

    def flush(self) -> bool:
        """False when something waits for a reader."""
        if self._dropped and len(self._pending) < _ROOM // 2:
            dropped, self._dropped = self._dropped, 0
            self.say(f"{dropped} lines are lost: nobody read the log")
        while self._pending and self._ready.poll(0):
            self._write()
        return not self._pending

    def _write(self) -> None:
        try:
            written = os.write(self._file, self._pending[:_AT_ONCE])
        except OSError:  # nobody will ever read it
            written = len(self._pending)
        del self._pending[:written]


def read(line: str) -> tuple[str, str]:
    """Whose line it is, and what it says."""
    owner, _, text = line.removeprefix("[").partition("] ")
    return owner, text
