"""Where a forked task waits, with its module imported, until it may run.

A pipe: that its outer end closes, whoever had it, means that the task must not run.
"""

import contextlib
import os
import struct
import time
from typing import Final

_TIME: Final = struct.Struct("<d")


class Gate:
    """Made before the fork; each process then keeps its own end."""

    def __init__(self) -> None:
        self._inner, self._outer = os.pipe()

    def keep_outer(self) -> None:
        os.close(self._inner)

    def keep_inner(self) -> None:
        os.close(self._outer)

    def abandon(self) -> None:
        """There is no other process."""
        self.keep_outer()
        self.close()

    def fileno(self) -> int:
        """Of the outer end; -1 when it is closed."""
        return self._outer

    def open(self, begin: float = 0.0) -> None:
        """Once. The task sleeps until `begin` by the monotonic clock, which all processes share."""
        with contextlib.suppress(BrokenPipeError):  # the task died while it imported
            os.write(self._outer, _TIME.pack(begin))

    def close(self) -> None:
        os.close(self._outer)
        self._outer = -1

    def wait(self) -> None:
        """In the task's process: returns when it may run, or not at all."""
        told = os.read(self._inner, _TIME.size)
        os.close(self._inner)
        if len(told) != _TIME.size:
            os._exit(0)
        time.sleep(max(0.0, _TIME.unpack(told)[0] - time.monotonic()))
