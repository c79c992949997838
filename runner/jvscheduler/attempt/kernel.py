"""The few things that only Linux can be asked for, and Python has no name for."""

import contextlib
import ctypes
import os
import signal
from functools import cache
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_MOST_KILLABLE: Final = 1000


def adopt_orphans() -> None:
    """Descendants whose parent dies become our children: none escapes by forking twice."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """A task whose supervisor was killed has nobody to record it, and another may run."""
    _prctl(_PR_SET_PDEATHSIG, by)


def prefer_for_oom_kill() -> None:
    """When memory runs out the task goes and the supervisor stays to say so.

    Where a sandbox forbids it the kernel chooses, and the server closes the record.
    """
    with contextlib.suppress(OSError):
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        try:
            os.write(file, b"%d\n" % _MOST_KILLABLE)
        finally:
            os.close(file)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


@cache
def _libc() -> ctypes.CDLL:
    """Loaded before the fork, for all children."""
    return ctypes.CDLL(None, use_errno=True)
