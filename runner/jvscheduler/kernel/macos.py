"""macOS. The names and their meaning are those of `linux`.

Three things are missing there, and nothing replaces them whole:

- No process adopts orphans. An attempt ends its own descendants, and whoever kills it looks for
  them first. A process that has lost its parent and has left the group is not found.
- No signal comes when a parent dies. A thread of the attempt waits for that, and the worker watches
  it as it watches everything else.
- Nothing counts kills for lack of memory: macOS has no limit for a group of processes.

Descriptors of a kqueue, unlike others, are not inherited by a fork.
"""

import contextlib
import os
import select
import selectors
import signal
import struct
import sys
from _thread import start_new_thread
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

# Lets mypy check the module for this platform only.
assert not TYPE_CHECKING or sys.platform == "darwin"  # noqa: S101

_kqueue, _kevent = select.kqueue, select.kevent  # an imported module may remove them
_END: Final = select.KQ_FILTER_PROC, select.KQ_EV_ADD, select.KQ_NOTE_EXIT
_READABLE: Final = select.KQ_FILTER_READ, select.KQ_EV_ADD

ADOPTS_ORPHANS: Final = False
"""True where a process can adopt what its descendants leave behind."""

_LAUNCHD: Final = 1
"""The process that becomes the parent of orphans."""
_SOL_LOCAL: Final = 0
_LOCAL_PEERPID: Final = 2
"""Constants of `sys/un.h` without a name in Python. LOCAL_PEERCRED has no process id."""
_PID: Final = struct.Struct("i")


class EndDescriptor:
    """Readable, for a selector, as soon as the process has ended, even before it is reaped."""

    def __init__(self, pid: int) -> None:
        self._queue = _kqueue()
        self._pipe: int | None = None
        self._has_come = False
        # An orphan has launchd as its parent, which never ends: its own one has ended.
        if pid == _LAUNCHD:
            self._come()
            return
        try:
            self._queue.control([_kevent(pid, *_END)], 0)
        except ProcessLookupError:
            # The kernel does not find a process that has ended, even when it is not reaped yet.
            self._come()

    def fileno(self) -> int:
        return self._queue.fileno()

    def close(self) -> None:
        self._queue.close()
        if self._pipe is not None:
            os.close(self._pipe)

    def has_come(self) -> bool:
        self._has_come = self._has_come or bool(self._queue.control(None, 1, 0))
        return self._has_come

    def wait(self) -> None:
        if not self._has_come:
            self._queue.control(None, 1, None)

    def _come(self) -> None:
        """Have an event in the queue for ever: a pipe without a writer stays readable."""
        self._has_come = True
        self._pipe, writer = os.pipe()
        os.close(writer)
        self._queue.control([_kevent(self._pipe, *_READABLE)], 0)


def ended_child(watched: Mapping[int, EndDescriptor]) -> int | None:
    """Return a watched child that has ended and was not reaped."""
    # `os.waitid` is there from Python 3.13 on.
    return next((pid for pid, end in watched.items() if end.has_come()), None)


def child_pids() -> Sequence[int] | None:
    """Return this process's children. None: this kernel does not list them."""
    return None


def count_threads() -> int | None:
    """Return how many threads this process has, native ones too. None: the kernel does not say."""
    return None


def processors() -> Collection[int] | None:
    """Return the processors that this process may use. None: the system does not say."""
    return None


def use_processors(_allowed: Collection[int]) -> None:
    """Do nothing: macOS places processes itself."""


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group that this process leads, if it is still there."""
    # PermissionError means that all processes of the group have ended and wait to be reaped.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def peak_memory_bytes(maxrss: int) -> int:
    """Return `ru_maxrss` of a process in bytes."""
    return maxrss


def peer_pid(caller: "socket.socket") -> int:
    """Return the caller's process id."""
    return int(_PID.unpack(caller.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, _PID.size))[0])


def new_selector() -> "selectors.KqueueSelector":
    return selectors.KqueueSelector()


def close_inherited(descriptors: Iterable[int]) -> None:
    """Close, in a forked child, the descriptors that its parent had."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):  # that of a kqueue is not inherited
            os.close(descriptor)


def environ_for_forks() -> dict[str, str]:
    """Return the variables that a process must be started with, so that its forks are safe.

    A fork may not use Apple's frameworks for the first time. `requests`, `httpx` and `urllib` do,
    when they ask for the system's proxies, and the process would crash. So it is asked here, and
    the answer is put where they look first. The Objective-C runtime reads its variable only when a
    process starts.
    """
    from urllib import request  # noqa: PLC0415 - only who starts a worker needs it

    runtime = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}
    if request.getproxies_environment():
        return runtime
    found = {f"{scheme}_proxy": url for scheme, url in request.getproxies().items()}
    direct = "localhost,127.0.0.1,::1" if found else "*"
    return {**runtime, **found, "no_proxy": direct}


def adopt_orphans() -> None:
    """Do nothing: macOS has no such thing."""


def die_with_parent() -> None:
    """Have this process killed when its parent dies.

    Otherwise a task would go on after its supervisor was killed: nobody would record its outcome,
    and another attempt of the job could run at the same time.
    """
    start_new_thread(_die_at, (EndDescriptor(os.getppid()),))


def end_of_parent(_by: signal.Signals) -> EndDescriptor | None:
    """Return the parent's end. The caller then acts as by the signal.

    A thread as that of `die_with_parent` would not do: the worker forks, and a fork of a process
    with threads may use less of Apple's frameworks than that of one without.
    """
    return EndDescriptor(os.getppid())


def prefer_for_oom_kill() -> None:
    """Do nothing: macOS does not let a process ask for that."""


def oom_kills() -> int:
    """Return 0: macOS does not count them."""
    return 0


def find_oom_counter() -> Path | None:
    """Return None: macOS does not count kills for lack of memory."""
    return None


def read_oom_kills(_counter: Path | None) -> int:
    return 0


def _die_at(end: EndDescriptor) -> None:
    end.wait()
    os.kill(os.getpid(), signal.SIGKILL)
