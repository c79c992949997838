"""The end of an attempt: what Python does at a process's end, within a bound.

A forked child cannot leave by Python's own way out: that would run what its parent has registered.
So the same steps are taken here, in Python's order, for what the attempt itself has made. A hook
that a module registered in the worker, when it was imported for all, does not run: it would run
once for each job, and delete or repeat what the jobs share.
"""

# ruff: noqa: SLF001 - Python offers the steps of its own end under private names only

import atexit
import contextlib
import fcntl
import gc
import io
import logging
import os
import stat
import sys
import threading
import time
import weakref
from _thread import start_new_thread
from collections.abc import Callable, Iterable, Sequence
from time import sleep
from typing import Any, Final

from jvscheduler.attempt.child.alarm import Alarm
from jvscheduler.attempt.deadlines import EXIT_SECONDS, GRACE_SECONDS
from jvscheduler.attempt.descendants import end_own
from jvscheduler.attempt.log import say
from jvscheduler.attempt.tracebacks import error_message

_STOPPED_SECONDS: Final = GRACE_SECONDS - 0.5
"""How long after the parent's SIGTERM an attempt may still end by itself. Then it is killed."""
_LOOK_SECONDS: Final = 0.1
_DESCRIPTORS: Final = "/dev/fd"
_STANDARD: Final = (0, 1, 2)
_CLOSED_BY_FINALIZER: Final = (
    ("zipfile", "ZipFile"),
    ("shelve", "Shelf"),
    ("tempfile", "_TemporaryFileWrapper"),
)
"""No files themselves, but Python closes them when it ends, and then they write or remove one."""

_earlier_files: list[weakref.ref[Any]] = []
"""Files that were open when the worker froze its heap. Garbage collection no longer lists them."""


class Ending:
    """Made right after the fork: what is registered from now on is the attempt's own."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._step = ""
        self._is_watched = False
        self._end = 0.0
        """When the bound is over, by the monotonic clock."""
        self._handlers = set(map(id, logging._handlerList))  # type: ignore[attr-defined]
        _forget_exit_handlers()

    def run(self, end_call: Callable[[], None] | None) -> None:
        """Take the steps in Python's order. When the bound is over, exit the process.

        Most runs leave nothing behind. A step that would find nothing to do is left out: each run
        would otherwise pay for a thread that watches it, and for the memory that it writes to.
        """
        self._end = time.monotonic() + EXIT_SECONDS
        if end_call is not None:
            self._take("asyncio tasks", end_call)
        if threading.active_count() > 1:
            self._take("threads", threading._shutdown)  # type: ignore[attr-defined]
        if atexit._ncallbacks():
            self._take("exit handlers", atexit._run_exitfuncs)
        if (processes := _processes()) is not None:
            self._take("exit handlers", processes._exit_function)
        if _log_handlers():
            self._take("log handlers", self._end_log_handlers)
        if _has_open_file():
            self._take("open files", _close_files)
        # Not watched: if this hangs, no thread could say so, and the parent ends the process.
        self._try("output", flush_output)

    def _take(self, step: str, act: Callable[[], None]) -> None:
        if not self._is_watched:
            self._is_watched = True
            start_new_thread(self._watch, (self._end,))
        self._try(step, act)

    def _try(self, step: str, act: Callable[[], None]) -> None:
        self._step = step
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - the next step must be taken
            say(f"at the end of the run, its {step} failed: {error_message(error)}")

    def _watch(self, end: float) -> None:
        """Exit the process when the bound is over. Runs in a thread that Python does not join."""
        while time.monotonic() < end:
            sleep(_LOOK_SECONDS)
            if self._alarm.told_at is not None:
                end = min(end, self._alarm.told_at + _STOPPED_SECONDS)
        alive = [thread.name for thread in threading.enumerate() if _holds_up(thread)]
        names = f" ({', '.join(alive)})" if self._step == "threads" and alive else ""
        text = f"jvscheduler: the run's {self._step}{names} did not end in time: cut off\n"
        # Not by `sys.stderr`: the step that does not end may hold its lock.
        with contextlib.suppress(OSError):
            os.write(2, text.encode(errors="replace"))
        end_own()
        os._exit(1)

    def _end_log_handlers(self) -> None:
        """Flush all handlers, and close those that the attempt has made, as `logging.shutdown`."""
        for reference in reversed(_log_handlers()):
            handler = reference()
            if handler is None:
                continue
            with contextlib.suppress(OSError, ValueError):  # its file is closed already
                handler.flush()
                if id(reference) not in self._handlers:
                    handler.close()


def prepare_for_forks() -> None:
    """Write what is buffered: each fork would inherit it, and write it again at its end.

    And forget the exit handlers here, once: the worker never runs them, and each fork would have
    to forget them by itself.
    """
    _forget_exit_handlers()
    for reference in _log_handlers():
        handler = reference()
        if handler is not None:
            with contextlib.suppress(OSError, ValueError):
                handler.flush()
    files = _listed_files()
    _earlier_files.extend(map(weakref.ref, files))
    for file in files:
        _flush(file)
    flush_output()


def _log_handlers() -> Sequence["weakref.ref[logging.Handler]"]:
    """Return those that may hold a record back. The one of last resort writes each at once."""
    return [ref for ref in logging._handlerList if ref() is not logging.lastResort]  # type: ignore[attr-defined]


def _forget_exit_handlers() -> None:
    """Let nothing run at the end that was registered before.

    In a fork of the worker nothing is left to forget, and then nothing is written: the kernel
    copies each page of memory that a fork writes to.
    """
    if atexit._ncallbacks():
        atexit._clear()
    if weakref.finalize._registered_with_atexit:  # type: ignore[attr-defined]
        for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
            finalizer.atexit = False
        # The next finalizer registers its hook again.
        weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    if (processes := _processes()) is not None:
        processes._finalizer_registry.clear()
        sys.modules["multiprocessing.process"]._children.clear()


def _processes() -> Any | None:
    """Return the module that ends the processes of `multiprocessing`, if it has any to end."""
    processes = sys.modules.get("multiprocessing.util")
    if processes is None:
        return None
    children = sys.modules["multiprocessing.process"]._children
    return processes if processes._finalizer_registry or children else None


def _holds_up(thread: threading.Thread) -> bool:
    return not thread.daemon and thread is not threading.main_thread()


def _close_files() -> None:
    """Flush the files that were open before the fork, and close those of the attempt."""
    earlier = [file for file in (reference() for reference in _earlier_files) if file is not None]
    known = set(map(id, earlier))
    for file in earlier:
        _flush(file)
    for file in _listed_files():
        if id(file) not in known:
            with contextlib.suppress(Exception):
                _close(file)


def _close(file: Any) -> None:
    # A file that is only read holds nothing back. A daemon thread may be reading it, and has its
    # lock: to close it would wait for that thread.
    if not isinstance(file, io.IOBase) or file.writable():
        file.close()


def _flush(file: Any) -> None:
    # A file may be closed, or its disk may be full: the others are flushed all the same.
    with contextlib.suppress(Exception):
        file.flush()


def _has_open_file() -> bool:
    """True when a file or a pipe is open for writing: to find its object takes much longer."""
    return any(map(_is_written, os.listdir(_DESCRIPTORS)))  # noqa: PTH208 - a Path for each costs more


def _is_written(name: str) -> bool:
    number = int(name)
    if number in _STANDARD:
        return False
    try:
        mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
        kind = os.fstat(number).st_mode
    except OSError:  # it is that of the listing itself
        return False
    return mode != os.O_RDONLY and (stat.S_ISREG(kind) or stat.S_ISFIFO(kind))


def _listed_files() -> Sequence[Any]:
    """Return what can be closed and may hold unwritten data, the outer ones first.

    A compressed file is closed before the file that it writes to.
    """
    kinds: dict[type, int | None] = {}
    finalized = tuple(_finalized_classes())
    standard = {id(stream) for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)}
    found = []
    for each in gc.get_objects():
        kind = type(each)
        if kind not in kinds:
            kinds[kind] = _depth(kind, finalized)
        depth = kinds[kind]
        if depth is not None and id(each) not in standard:
            found.append((depth, each))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _finalized_classes() -> Iterable[type]:
    for module, name in _CLOSED_BY_FINALIZER:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _depth(kind: type, finalized: tuple[type, ...]) -> int | None:
    """Return how deep such a file lies below what is written to; None when it is no file."""
    if issubclass(kind, finalized):
        return 0
    if issubclass(kind, io.TextIOWrapper):
        return 1
    if issubclass(kind, io.BufferedWriter | io.BufferedRandom):
        return 3
    # Not by `issubclass`: classes may answer it by code of their own.
    return 2 if io.IOBase in kind.__mro__ and not issubclass(kind, io.RawIOBase) else None


def flush_output() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the task closed it
            stream.flush()
