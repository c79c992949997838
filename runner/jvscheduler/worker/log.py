"""The worker's stdout, which is the container's log. It never waits for a reader that hangs.

While much waits for a reader, the worker leaves what tasks print in their pipes: a task that
prints faster than the log is read then waits in its `print`, and nothing is lost. A reader that
takes nothing for two seconds hangs, and must not hold up the tasks.

The file is not made non-blocking, because a terminal or a pipe may be shared with other processes,
which would then be non-blocking too.
Instead the kernel is asked first whether it can take more, and then gets no more than it takes at
once. When too much waits, further lines are dropped, and the log says how many.
"""

import os
import select
import time
from datetime import UTC, datetime
from typing import Final

from jvscheduler.logs.lines import Entry, Form, Lines, shown
from jvscheduler.redaction import Redactor

OWN: Final = "jvscheduler"
"""Stands in brackets before the worker's own lines. Others have the ids of task and attempt."""
_LOGGER: Final = "jvscheduler.worker"
_MOST_PENDING: Final = 1024 * 1024
"""The most bytes that wait for a reader. Further lines are dropped."""
_FULL: Final = 256 * 1024
"""Bytes that may wait before tasks have to wait with their output."""
_PATIENCE: Final = 2.0
"""Seconds after which a reader that takes nothing is one that hangs."""
_AT_ONCE: Final = select.PIPE_BUF
"""A pipe that is ready for writing takes this many bytes without blocking: 4096 on Linux."""


class Log:
    """`lines` decides the form of the worker's own lines. Those of tasks stay as they are."""

    def __init__(self, file: int, lines: Lines | None = None) -> None:
        self._file = file
        self._lines = lines or Lines()
        self._ready = select.poll()
        self._ready.register(file, select.POLLOUT)
        self._pending = bytearray()
        self._dropped = 0
        self._taken_at = time.monotonic()
        """When the reader last took something, or had taken everything."""

    def say(self, text: str) -> None:
        if self._lines.form is Form.JSON:
            entry = Entry(datetime.now(UTC), "warning", _LOGGER, text)
            self._append(self._lines.line(entry).encode())
        else:
            self.write(OWN, shown(self._lines.redactor, text).encode())

    def write(self, owner: str, line: bytes) -> None:
        self._append(b"[%b] %b" % (owner.encode(), line))

    def _append(self, line: bytes) -> None:
        if len(self._pending) + len(line) > _MOST_PENDING:
            self._dropped += 1
        else:
            self._pending += line + b"\n"

    @property
    def redactor(self) -> Redactor:
        """Knows the secrets of this process, which are those of all its attempts."""
        return self._lines.redactor

    @property
    def has_room(self) -> bool:
        """False while tasks should wait with their output."""
        return len(self._pending) < _FULL or self._hangs()

    def flush(self) -> bool:
        """Write as much as the kernel takes now. True when nothing is left to write."""
        # Wait until half of the room is free again, else this notice would be repeated for every
        # few lines.
        if self._dropped and len(self._pending) < _MOST_PENDING // 2:
            dropped, self._dropped = self._dropped, 0
            self.say(f"{dropped} lines are lost: nobody read the log")
        while self._pending and self._ready.poll(0):
            self._write()
        if not self._pending:
            self._taken_at = time.monotonic()
        return not self._pending

    def drain(self) -> None:
        """Write everything, unless the reader hangs. Call it before the process ends."""
        while not self.flush() and not self._hangs():
            self._ready.poll(_PATIENCE * 1000)

    def _hangs(self) -> bool:
        return time.monotonic() - self._taken_at > _PATIENCE

    def _write(self) -> None:
        try:
            written = os.write(self._file, self._pending[:_AT_ONCE])
        except OSError:  # the reader is gone for good: drop what waits for it
            written = len(self._pending)
        del self._pending[:written]
        self._taken_at = time.monotonic()


def read(line: str) -> tuple[str, str]:
    """Return whose line it is, and its text."""
    owner, _, text = line.removeprefix("[").partition("] ")
    return owner, text
