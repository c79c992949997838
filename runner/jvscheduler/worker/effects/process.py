"""The settings that the kernel and the C library keep for a process.

Functions are bound here before any module is imported, because a module may replace them.
"""

import _signal  # type: ignore[import-not-found]
import contextlib
import locale
import os
import resource
import signal
import time
from collections.abc import Hashable, Mapping
from os import chdir, environ, getcwd, getpriority, setpriority, umask
from resource import getrlimit, setrlimit
from signal import pthread_sigmask
from signal import signal as handle
from typing import Any, Final

from jvscheduler import kernel
from jvscheduler.worker.effects.kinds import DEFAULT, Kind, one


def _environment() -> Mapping[Hashable, Any]:
    # Not by the names and values: to decode each of them takes thirty times as long.
    return dict(environ._data)  # type: ignore[attr-defined]  # noqa: SLF001


def _directory() -> Mapping[Hashable, Any]:
    with contextlib.suppress(FileNotFoundError):
        return {"": getcwd()}  # noqa: PTH109 - bound here, as the others
    return {}


def _umask() -> int:
    current = umask(0o077)
    umask(current)
    return current


def _write_variable(name: bytes, value: Any) -> None:
    if value is DEFAULT:
        environ.pop(os.fsdecode(name), None)
    else:
        environ[os.fsdecode(name)] = os.fsdecode(value)


_SIGNALS: Final = sorted(map(int, signal.valid_signals()))
_get_handler: Final = _signal.getsignal


def _signals() -> Mapping[Hashable, Any]:
    # Not by `signal.getsignal`: that makes an enum of each number, which takes ten times as long.
    return {number: _get_handler(number) for number in _SIGNALS}


_LIMITS: Final = sorted({getattr(resource, name) for name in dir(resource) if "RLIMIT_" in name})


def _limits() -> Mapping[Hashable, Any]:
    return {limit: getrlimit(limit) for limit in _LIMITS}


ENVIRONMENT: Final = Kind("the environment", _environment, _write_variable)
PROCESS: Final = (
    ENVIRONMENT,
    one(
        "the time zone",
        lambda: (time.timezone, time.altzone, time.daylight, time.tzname),
        lambda _: time.tzset(),
    ),
    Kind("the working directory", _directory, lambda _, value: chdir(value)),
    one("the umask", _umask, umask),
    Kind("a signal's handler", _signals, handle),
    one(
        "the blocked signals",
        lambda: pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda value: pthread_sigmask(signal.SIG_SETMASK, value),
    ),
    one(
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda value: locale.setlocale(locale.LC_ALL, value),
    ),
    Kind("a resource limit", _limits, setrlimit),
    one(
        "the priority",
        lambda: getpriority(os.PRIO_PROCESS, 0),
        lambda value: setpriority(os.PRIO_PROCESS, 0, value),
    ),
    one("the processors", kernel.processors, kernel.use_processors),
    one("the user", lambda: (os.getuid(), os.geteuid()), lambda value: os.setreuid(*value)),
    one("the group", lambda: (os.getgid(), os.getegid()), lambda value: os.setregid(*value)),
)
