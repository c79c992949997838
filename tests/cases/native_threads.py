"""An import starts a thread that Python does not know of; a run that waits for it would hang."""

import ctypes
import os

from jvscheduler import on_schedule

_libc = ctypes.CDLL(None)
_thread = ctypes.c_ulong()
_libc.pthread_create(ctypes.byref(_thread), None, ctypes.cast(_libc.pause, ctypes.c_void_p), None)


@on_schedule("every 2 seconds")
def count() -> int:
    """2 where the run has imported the module itself, 1 in a fork that has lost the thread."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as a user writes it
