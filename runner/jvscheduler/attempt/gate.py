"""The gate holds a forked child, with its task imported, until the parent opens it.

It is a pipe. When the parent's end closes before the gate was opened, for whatever reason, the
child exits and the task never runs. So a parent that is killed leaves no child waiting.
"""

import contextlib
import os
import struct
from time import monotonic, sleep
from typing import Final

_TIME: Final = struct.Struct("<d")


class Gate:
    """Made before the fork; afterwards each process closes the other's end."""

    def __init__(self) -> None:
        self._child_end, self._parent_end = os.pipe()

    def keep_parent_end(self) -> None:
        os.close(self._child_end)

    def keep_child_end(self) -> None:
        os.close(self._parent_end)

    def close_both_ends(self) -> None:
        """Leave no pipe open after a fork that failed."""
        self.keep_parent_end()
        self.close()

    def fileno(self) -> int:
        """Return the parent's end of the pipe; -1 when it is closed."""
        return self._parent_end

    def open(self, begin: float = 0.0) -> None:
        """Let the child call the task at `begin`, a time of the monotonic clock. Call this once.

        All processes share that clock. The child sleeps until then by itself, so that many
        children begin on time even when the parent is busy.
        """
        with contextlib.suppress(BrokenPipeError):  # the child died while it imported the task
            os.write(self._parent_end, _TIME.pack(begin))

    def close(self) -> None:
        os.close(self._parent_end)
        self._parent_end = -1

    def wait(self) -> None:
        """Return when the child may call the task. Exit the process if it never may."""
        message = os.read(self._child_end, _TIME.size)
        os.close(self._child_end)
        # An empty read means that the parent's end was closed: nobody would supervise the task.
        if len(message) != _TIME.size:
            os._exit(0)
        # `sleep` was bound before the task's module was imported, which may have replaced it.
        sleep(max(0.0, _TIME.unpack(message)[0] - monotonic()))
