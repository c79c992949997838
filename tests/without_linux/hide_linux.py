"""Take from Python what only Linux has, and put in its place what macOS has.

Every process of `python -m tests.without_linux` imports this first. What Linux has is gone, so that
code that uses it fails. `jvscheduler.kernel` gets its part for macOS. That needs kqueue, which is
made of epoll here, and a few calls that behave differently on macOS: those behave as there.
"""

import contextlib
import errno
import importlib
import os
import select
import sys
import weakref
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final, NamedTuple

_LINUX_ONLY: Final = {
    "os": (
        "copy_file_range eventfd eventfd_read eventfd_write getrandom memfd_create pidfd_open pipe2"
        " posix_fadvise posix_fallocate sched_getaffinity sched_setaffinity sched_setscheduler"
        " setns splice unshare waitid"
    ),
    "signal": "pidfd_send_signal sigtimedwait sigwaitinfo",
    "select": " ".join(name for name in dir(select) if name.lower().startswith("epoll")),
    "socket": "MSG_CMSG_CLOEXEC SO_PASSCRED SO_PEERCRED SOCK_CLOEXEC SOCK_NONBLOCK",
    "fcntl": "F_GETPIPE_SZ F_SETPIPE_SZ",
}
_KQUEUE: Final = {
    "KQ_FILTER_READ": -1,
    "KQ_FILTER_WRITE": -2,
    "KQ_FILTER_PROC": -5,
    "KQ_EV_ADD": 0x0001,
    "KQ_EV_DELETE": 0x0002,
    "KQ_EV_ONESHOT": 0x0010,
    "KQ_EV_EOF": 0x8000,
    "KQ_NOTE_EXIT": 0x80000000,
}
_KQ: Final = SimpleNamespace(**_KQUEUE)
_LOCAL_PEERPID: Final = (0, 2)
_PID_BYTES: Final = 4

_epoll, _pidfd_open = select.epoll, os.pidfd_open
_READABLE: Final = select.EPOLLIN
_EPOLL: Final = {_KQ.KQ_FILTER_READ: _READABLE, _KQ.KQ_FILTER_WRITE: select.EPOLLOUT}
_BROKEN: Final = select.EPOLLHUP | select.EPOLLERR


class Kevent(NamedTuple):
    ident: int
    filter: int = _KQ.KQ_FILTER_READ
    flags: int = _KQ.KQ_EV_ADD
    fflags: int = 0
    data: int = 0
    udata: int = 0


class Kqueue:
    """As `select.kqueue`: for reading, writing and the end of a process. No fork inherits it."""

    def __init__(self) -> None:
        self._epoll = _epoll()
        self._number = self._epoll.fileno()
        self._masks: dict[int, int] = {}
        self._pids: dict[int, int] = {}
        """The ids of the watched processes, by their pidfds."""
        self._is_lost = False
        _queues.add(self)

    def fileno(self) -> int:
        return self._number

    def close(self) -> None:
        # In a fork, Python 3.11 closes the number, whatever that has become there.
        if self._is_lost:
            with contextlib.suppress(OSError):
                os.close(self._number)
        else:
            self.lose()

    def lose(self) -> None:
        self._is_lost = True
        self._epoll.close()
        for pidfd in self._pids:
            os.close(pidfd)

    def control(
        self, changes: list[Kevent] | None, most: int, timeout: float | None = None
    ) -> list[Kevent]:
        for change in changes or ():
            if change.filter == _KQ.KQ_FILTER_PROC:
                self._watch_process(change.ident)
            else:
                self._change(change)
        if most == 0:
            return []
        found = self._epoll.poll(-1 if timeout is None else timeout, most)
        return [event for fd, mask in found for event in self._events(fd, mask)]

    def _watch_process(self, pid: int) -> None:
        # macOS finds no process that has ended, even when it has not been reaped.
        if not Path(f"/proc/{pid}").exists() or _has_ended(pid):
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        pidfd = _pidfd_open(pid)
        self._pids[pidfd] = pid
        self._epoll.register(pidfd, _READABLE)

    def _change(self, change: Kevent) -> None:
        before, bit = self._masks.get(change.ident, 0), _EPOLL[change.filter]
        if change.flags & _KQ.KQ_EV_DELETE and not before & bit:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        mask = before & ~bit if change.flags & _KQ.KQ_EV_DELETE else before | bit
        self._masks[change.ident] = mask
        if mask == 0:
            del self._masks[change.ident]
            self._epoll.unregister(change.ident)
            return
        try:
            self._epoll.register(change.ident, mask)
        except FileExistsError:
            self._epoll.modify(change.ident, mask)

    def _events(self, fd: int, mask: int) -> list[Kevent]:
        if fd in self._pids:
            self._epoll.unregister(fd)
            os.close(fd)
            return [Kevent(self._pids.pop(fd), _KQ.KQ_FILTER_PROC, fflags=_KQ.KQ_NOTE_EXIT)]
        wanted = self._masks.get(fd, 0)
        end = _KQ.KQ_EV_EOF if mask & _BROKEN else 0
        return [
            Kevent(fd, name, end)
            for name, bit in _EPOLL.items()
            if wanted & bit and mask & (bit | _BROKEN)
        ]


_queues: "weakref.WeakSet[Kqueue]" = weakref.WeakSet()


def _lose_queues() -> None:
    for queue in list(_queues):
        queue.lose()


class MacosInstead(MetaPathFinder):
    """Loads the part of `jvscheduler.kernel` for macOS where that for Linux is imported."""

    def find_spec(self, name: str, path: Any, _target: ModuleType | None = None) -> Any:
        if name != "jvscheduler.kernel.linux":
            return None
        spec: ModuleSpec | None = spec_from_file_location(name, Path(path[0], "macos.py"))
        return spec


def hide() -> None:
    sys.meta_path.insert(0, MacosInstead())
    os.register_at_fork(after_in_child=_lose_queues)
    # First, because modules that are imported from here on choose by what `select` has.
    _remove("select")
    for name, value in {**_KQUEUE, "kqueue": Kqueue, "kevent": Kevent, "PIPE_BUF": 512}.items():
        setattr(select, name, value)
    _behave_as_macos()
    for module in _LINUX_ONLY:
        _remove(module)


def _remove(module: str) -> None:
    for name in _LINUX_ONLY[module].split():
        with contextlib.suppress(AttributeError):
            delattr(importlib.import_module(module), name)


def _behave_as_macos() -> None:
    import resource  # noqa: PLC0415
    import socket  # noqa: PLC0415

    wait4, killpg, getsockopt = os.wait4, os.killpg, socket.socket.getsockopt
    peercred = (socket.SOL_SOCKET, socket.SO_PEERCRED)

    def wait4_in_bytes(pid: int, options: int) -> Any:
        pid, status, usage = wait4(pid, options)
        values = list(usage)
        values[2] *= 1024
        return pid, status, resource.struct_rusage(values)

    def killpg_without_zombies(group: int, number: int) -> None:
        if _has_ended(group) and not any(map(_is_alive, _members(group))):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        killpg(group, number)

    def getsockopt_peerpid(self: Any, level: int, option: int, *size: int) -> Any:
        if (level, option) == _LOCAL_PEERPID and self.family == socket.AF_UNIX:
            return getsockopt(self, *peercred, 3 * _PID_BYTES)[:_PID_BYTES]
        return getsockopt(self, level, option, *size)

    os.wait4 = wait4_in_bytes
    os.killpg = killpg_without_zombies
    socket.socket.getsockopt = getsockopt_peerpid  # type: ignore[method-assign]


def _stat(pid: int) -> list[str]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _has_ended(pid: int) -> bool:
    return _stat(pid)[:1] in (["Z"], ["X"])


def _is_alive(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def _members(group: int) -> list[int]:
    processes = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in processes if _stat(pid)[2:3] == [str(group)]]


hide()
