"""The output of one attempt: whole lines go to the worker's log, the end goes into the record.

The pipe is read when there is something to read, and never waited for. A task may print without
end, and a process that it leaves behind may hold the pipe open for ever.
"""

import os
from typing import Final

from jvscheduler.redaction import Redactor
from jvscheduler.worker.log import Log

TAIL_BYTES: Final = 8 * 1024
"""The last bytes that are kept for the record."""
_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 16 * 1024
"""The most bytes of a line. A longer one is cut: a task may never end its line."""
_MOST_CHUNKS: Final = 32
"""Chunks read after the end: more than a pipe holds. A process that was left behind could otherwise
print so fast that reading would never end."""


class Output:
    def __init__(self, owner: str, log: Log, redactor: Redactor | None = None) -> None:
        """`redactor`: None for that of the log."""
        self._owner = owner
        self._log = log
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._line = bytearray()
        self._tail = bytearray()
        self.redactor: Final = redactor or log.redactor
        self._kept = TAIL_BYTES + self.redactor.margin + 1

    def fileno(self) -> int:
        """Return the pipe's reading end; -1 after `finish`."""
        return self._reader

    def read(self) -> bool:
        """Read what is there. False when nothing will come any more."""
        return self._read_chunk() != b""

    def finish(self) -> None:
        """Read the rest and close the pipe. The last line may have no line break."""
        for _ in range(_MOST_CHUNKS):
            if not self._read_chunk():
                break
        if self._line:
            self._log.write(self._owner, bytes(self._line))
        os.close(self._reader)
        self._reader = -1

    def show(self, text: str) -> None:
        """Log text about the attempt, such as its traceback. It is not part of what it printed."""
        for line in text.splitlines():
            self._log.write(self._owner, line.encode(errors="replace"))

    def tail(self) -> str:
        """Return the end of what it printed, without secrets."""
        text = self._tail.decode(errors="replace")
        is_end = len(self._tail) == self._kept
        return self.redactor.clip_start(text, TAIL_BYTES, is_end=is_end)

    def _read_chunk(self) -> bytes | None:
        """Return None when there is nothing now, and no bytes when there never will be."""
        try:
            chunk = os.read(self._reader, _CHUNK)
        except BlockingIOError:
            return None
        self._keep(chunk)
        return chunk

    def _keep(self, chunk: bytes) -> None:
        # More than is shown: a secret that is cut in half would not be found.
        self._tail += chunk[-self._kept :]
        del self._tail[: -self._kept]
        *lines, rest = (bytes(self._line) + chunk).split(b"\n")
        for line in lines:
            self._log.write(self._owner, line)
        if len(rest) > _LONGEST_LINE:
            self._log.write(self._owner, rest)
            rest = b""
        self._line = bytearray(rest)
