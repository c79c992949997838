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
from pathlib import Path
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
_DESCRIPTORS: Final = Path("/dev/fd")
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
        self._handlers = {id(ref) for ref in _log_handlers()}
        _forget_exit_handlers()

    def run(self, end_call: Callable[[], None]) -> None:
        """Take the steps in Python's order. When the bound is over, exit the process."""
        start_new_thread(self._watch, (time.monotonic() + EXIT_SECONDS,))
        for step, act in (
            ("asyncio tasks", end_call),
            ("threads", threading._shutdown),  # type: ignore[attr-defined]
            ("exit handlers", atexit._run_exitfuncs),
            ("log handlers", self._end_log_handlers),
            ("open files", _close_files),
            ("output", flush_output),
        ):
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


def flush_before_forks() -> None:
    """Write what is buffered: each fork would inherit it, and write it again at its end."""
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
    return list(logging._handlerList)  # type: ignore[attr-defined]


def _forget_exit_handlers() -> None:
    """Let nothing run at the end that was registered before the fork."""
    atexit._clear()
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False
    # The next finalizer, or process of `multiprocessing`, registers its hook again.
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    processes = sys.modules.get("multiprocessing.util")
    if processes is not None:
        processes._finalizer_registry.clear()
        sys.modules["multiprocessing.process"]._children.clear()
        atexit.register(processes._exit_function)


def _holds_up(thread: threading.Thread) -> bool:
    return not thread.daemon and thread is not threading.main_thread()


def _close_files() -> None:
    """Flush the files that were open before the fork, and close those of the attempt."""
    if not _has_open_file():
        return
    earlier = [file for file in (reference() for reference in _earlier_files) if file is not None]
    known = set(map(id, earlier))
    for file in earlier:
        _flush(file)
    for file in _listed_files():
        if id(file) not in known:
            with contextlib.suppress(Exception):
                file.close()


def _flush(file: Any) -> None:
    # A file may be closed, or its disk may be full: the others are flushed all the same.
    with contextlib.suppress(Exception):
        file.flush()


def _has_open_file() -> bool:
    """True when a file or a pipe is open for writing: to find its object takes much longer."""
    return any(map(_is_written, _DESCRIPTORS.iterdir()))


def _is_written(entry: Path) -> bool:
    if int(entry.name) in _STANDARD:
        return False
    try:
        mode = fcntl.fcntl(int(entry.name), fcntl.F_GETFL) & os.O_ACCMODE
        kind = os.fstat(int(entry.name)).st_mode
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
