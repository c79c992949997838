"""Linux. The names and their meaning are those of `macos`.

The count of kills for lack of memory needs a word. A process that the kernel kills for it dies by
SIGKILL and cannot say why; its control group (cgroup) counts such kills. Both versions of cgroups
are in use: v2 has `memory.events`, v1 has `memory.oom_control`. Inside a container, the root of the
mount is usually the container's own cgroup. So the path in `/proc/self/cgroup` is tried first, then
the root.
"""

import contextlib
import os
import selectors
import signal
import struct
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import socket

# Lets mypy check the module for this platform only.
assert not TYPE_CHECKING or sys.platform == "linux"  # noqa: S101

# An imported module may replace them.
_waitid, _sched_getaffinity, _sched_setaffinity = (
    os.waitid,
    os.sched_getaffinity,
    os.sched_setaffinity,
)

MOUNT: Final = Path("/sys/fs/cgroup")
MEMBERSHIP: Final = Path("/proc/self/cgroup")
ADOPTS_ORPHANS: Final = True
"""True where a process can adopt what its descendants leave behind."""

_CHILDREN: Final = Path("/proc/thread-self/children")
_THREADS: Final = Path("/proc/self/task")
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_FIRST_TO_KILL: Final = 1000
"""The highest value of `oom_score_adj`: the kernel kills this process first."""
_CREDENTIALS: Final = struct.Struct("3i")
"""As Linux fills it in for SO_PEERCRED: process id, user id, group id."""


class EndDescriptor:
    """Readable, for a selector, as soon as the process has ended, even before it is reaped."""

    def __init__(self, pid: int) -> None:
        self._pidfd = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self._pidfd

    def close(self) -> None:
        os.close(self._pidfd)


def ended_child(_watched: Mapping[int, EndDescriptor]) -> int | None:
    """Return a child that has ended and was not reaped; it stays so (WNOWAIT).

    It is one of the watched processes, or an orphan that this process has adopted.
    """
    try:
        ended = _waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return None if ended is None else ended.si_pid


def child_pids() -> Sequence[int] | None:
    """Return this process's children. None: this kernel does not list them."""
    try:
        return [int(pid) for pid in _CHILDREN.read_bytes().split()]
    except FileNotFoundError:
        return None


def count_threads() -> int | None:
    """Return how many threads this process has, native ones too. None: the kernel does not say."""
    return len(list(_THREADS.iterdir())) if _THREADS.is_dir() else None


def processors() -> Collection[int] | None:
    """Return the processors that this process may use. None: the system does not say."""
    return _sched_getaffinity(0)


def use_processors(allowed: Collection[int]) -> None:
    _sched_setaffinity(0, allowed)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group that this process leads, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def peak_memory_bytes(maxrss: int) -> int:
    """Return `ru_maxrss` of a process in bytes."""
    return maxrss * 1024


def peer_pid(caller: "socket.socket") -> int:
    """Return the caller's process id; 0 when it is in another container."""
    import socket  # noqa: PLC0415 - only a worker has callers

    raw = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[0])


def new_selector() -> selectors.EpollSelector:
    return selectors.EpollSelector()


def close_inherited(descriptors: Iterable[int]) -> None:
    """Close, in a forked child, the descriptors that its parent had."""
    for descriptor in descriptors:
        os.close(descriptor)


def environ_for_forks() -> dict[str, str]:
    """Return the variables that a process must be started with, so that its forks are safe."""
    return {}


def adopt_orphans() -> None:
    """Make orphaned descendants children of this process: none escapes by forking twice."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when its parent dies.

    Otherwise a task would go on after its supervisor was killed: nobody would record its outcome,
    and another attempt of the job could run at the same time.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def end_of_parent(by: signal.Signals) -> EndDescriptor | None:
    """Have the kernel send this process a signal when its parent dies, and return None.

    Where no kernel does that, return the parent's end. The caller then acts as by the signal.
    """
    _prctl(_PR_SET_PDEATHSIG, by)
    return None


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
    import ctypes  # noqa: PLC0415 - `build` does without

    if _libc().prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


@cache
def _libc() -> Any:
    # A parent calls `adopt_orphans` before it forks, so its children find the library loaded.
    import ctypes  # noqa: PLC0415 - `build` does without

    return ctypes.CDLL(None, use_errno=True)
