"""What one run prints: its whole lines go to the log, its end into the record.

The pipe is read as it comes and never waited for: a task may print without end,
and a process that it leaves behind may hold the pipe for ever.
"""

import os
from typing import Final

from jvscheduler.outcomes import clean, clip_start
from jvscheduler.worker.log import Log

TAIL_BYTES: Final = 8 * 1024
_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 16 * 1024
_MOST_CHUNKS: Final = 32
"""Read at the end: more than a pipe holds, less than a process left behind can write."""


class Output:
    def __init__(self, owner: str, log: Log) -> None:
        self._owner = owner
        self._log = log
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._line = bytearray()
        self._tail = bytearray()

    def fileno(self) -> int:
        """-1 when it is finished."""
        return self._reader

    def read(self) -> bool:
        """False when nothing will come any more."""
        return self._take() != b""

    def finish(self) -> None:
        """The rest; a last line need not be whole."""
        for _ in range(_MOST_CHUNKS):
            if not self._take():
                break
        if self._line:
            self._log.write(self._owner, bytes(self._line))
        os.close(self._reader)
        self._reader = -1

    def show(self, text: str) -> None:
        """What is said about the run, and is no part of what it printed."""
        for line in text.splitlines():
            self._log.write(self._owner, line.encode(errors="replace"))

    def tail(self) -> str:
        return clip_start(clean(self._tail.decode(errors="replace")), TAIL_BYTES)

    def _take(self) -> bytes | None:
        """None when nothing is there now, nothing when nothing will be."""
        try:
            chunk = os.read(self._reader, _CHUNK)
        except BlockingIOError:
            return None
        self._keep(chunk)
        return chunk

    def _keep(self, chunk: bytes) -> None:
        self._tail += chunk[-TAIL_BYTES - 1 :]
        del self._tail[: -TAIL_BYTES - 1]
        *lines, rest = (bytes(self._line) + chunk).split(b"\n")
        for line in lines:
            self._log.write(self._owner, line)
        if len(rest) > _LONGEST_LINE:
            self._log.write(self._owner, rest)
            rest = b""
        self._line = bytearray(rest)
