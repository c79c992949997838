"""Where a forked task waits, with its module imported, until it may run.

A pair of sockets, not a pipe: the task also says through it when its own code
begins. That the outer end closes, whoever had it, means that the task must not run.
"""

import contextlib
import os
import socket
import struct
import time
from typing import Final

_TIME: Final = struct.Struct("<d")


class Gate:
    """Made before the fork; each process then keeps its own end."""

    def __init__(self) -> None:
        self._outer, self._inner = socket.socketpair()

    def keep_outer(self) -> None:
        self._inner.close()
        self._outer.setblocking(False)

    def keep_inner(self) -> None:
        self._outer.close()

    def fileno(self) -> int:
        """Of the outer end; it can be read once the task has begun, or ended without."""
        return self._outer.fileno()

    def open(self, begin: float = 0.0) -> None:
        """The task sleeps until `begin`, of the monotonic clock, which all processes share."""
        with contextlib.suppress(OSError):  # the task died while it imported
            self._outer.send(_TIME.pack(begin))

    def begun_at(self) -> float | None:
        """Unix seconds when the task's own code began; None when it has not."""
        try:
            said = self._outer.recv(_TIME.size)
        except OSError:  # closed, broken, or nothing said yet
            return None
        return float(_TIME.unpack(said)[0]) if len(said) == _TIME.size else None

    def close(self) -> None:
        self._outer.close()

    def wait(self) -> None:
        """In the task's process: returns when it may run, or not at all."""
        told = self._inner.recv(_TIME.size)
        if len(told) != _TIME.size:
            os._exit(0)
        time.sleep(max(0.0, _TIME.unpack(told)[0] - time.monotonic()))
        with contextlib.suppress(OSError):  # nobody listens any more
            self._inner.send(_TIME.pack(time.time()))
        self._inner.close()
