"""The few things that only Linux offers and Python has no function for.

One is the count of processes that the kernel killed for lack of memory. Such a process dies by
SIGKILL and cannot say why; its control group (cgroup) counts them. Both versions of cgroups are in
use: v2 has `memory.events`, v1 has `memory.oom_control`. Inside a container, the root of the mount
is usually the container's own cgroup. So the path in `/proc/self/cgroup` is tried first, then the
root.
"""

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

MOUNT: Final = Path("/sys/fs/cgroup")
MEMBERSHIP: Final = Path("/proc/self/cgroup")

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_FIRST_TO_KILL: Final = 1000
"""The highest value of `oom_score_adj`: the kernel kills this process first."""


def adopt_orphans() -> None:
    """Make orphaned descendants children of this process: none escapes by forking twice."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when its parent dies.

    Otherwise a task would go on after its supervisor was killed: nobody would record its outcome,
    and another attempt of the job could run at the same time.
    """
    _prctl(_PR_SET_PDEATHSIG, by)


def prefer_for_oom_kill() -> None:
    """When memory runs out, have the kernel kill the task, so that its supervisor can record it."""
    # Some sandboxes forbid this. The kernel may then kill the supervisor, and the server closes
    # the record.
    with contextlib.suppress(OSError):
        file = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        try:
            os.write(file, b"%d\n" % _FIRST_TO_KILL)
        finally:
            os.close(file)


def oom_kills(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> int:
    """Return how often the kernel has killed a process of this container for lack of memory."""
    return read_oom_kills(find_oom_counter(mount, membership))


def find_oom_counter(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> Path | None:
    """Return the file that counts these kills; None where there is none, as in some sandboxes."""
    return next((file for file in _oom_counters(mount, membership) if file.is_file()), None)


def read_oom_kills(counter: Path | None) -> int:
    if counter is None:
        return 0
    pairs = (line.split() for line in counter.read_text(encoding="ascii").splitlines())
    return sum(int(value) for name, value in pairs if name == "oom_kill")


def _oom_counters(mount: Path, membership: Path) -> Iterator[Path]:
    lines = membership.read_text(encoding="utf-8").splitlines() if membership.exists() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        folder = path.strip("/")
        if "memory" in controllers.split(","):
            yield mount / "memory" / folder / "memory.oom_control"
        elif not controllers:
            yield mount / folder / "memory.events"
    yield mount / "memory.events"
    yield mount / "memory" / "memory.oom_control"


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


@cache
def _libc() -> ctypes.CDLL:
    # A parent calls `adopt_orphans` before it forks, so its children find the library loaded.
    return ctypes.CDLL(None, use_errno=True)
