"""The worker's stdout, which is the container's log. It never waits for a reader.

A reader that hangs must not hold up the tasks. The file is not made non-blocking, because a
terminal or a pipe may be shared with other processes, which would then be non-blocking too.
Instead the kernel is asked first whether it can take more, and then gets no more than it takes at
once. When too much waits, further lines are dropped, and the log says how many.
"""

import os
import select
from typing import Final

OWN: Final = "jvscheduler"
"""Stands in brackets before the worker's own lines, where other lines have their task's id."""
_MOST_PENDING: Final = 1024 * 1024
"""Bytes that may wait for a reader before lines are dropped."""
_AT_ONCE: Final = 4096
"""PIPE_BUF: a pipe that is ready for writing takes this many bytes without blocking."""


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
        if len(self._pending) + len(line) > _MOST_PENDING:
            self._dropped += 1
        else:
            self._pending += b"[%b] %b\n" % (owner.encode(), line)

    def flush(self) -> bool:
        """Write as much as the kernel takes now. True when nothing is left to write."""
        # Wait until half of the room is free again, else this notice would be repeated for every
        # few lines.
        if self._dropped and len(self._pending) < _MOST_PENDING // 2:
            dropped, self._dropped = self._dropped, 0
            self.say(f"{dropped} lines are lost: nobody read the log")
        while self._pending and self._ready.poll(0):
            self._write()
        return not self._pending

    def _write(self) -> None:
        try:
            written = os.write(self._file, self._pending[:_AT_ONCE])
        except OSError:  # the reader is gone for good: drop what waits for it
            written = len(self._pending)
        del self._pending[:written]


def read(line: str) -> tuple[str, str]:
    """Return whose line it is, and its text."""
    owner, _, text = line.removeprefix("[").partition("] ")
    return owner, text
