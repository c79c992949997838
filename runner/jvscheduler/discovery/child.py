"""The process that imports a user's modules: `python -m jvscheduler.discovery.child FD MODULE…`.

It writes JSON lines to the file descriptor FD: `importing` before each module,
then `files`, then `tasks` or `error`. If it ends early, the last `importing` line
names the module at fault.

It always ends by `os._exit`. A normal exit would run the modules' atexit
functions and wait for their threads.
"""

import importlib
import json
import os
import sys
import threading
import traceback
from types import ModuleType, TracebackType
from typing import IO, Any

from jvscheduler.decorators import decorated
from jvscheduler.discovery.files import files_in, files_of
from jvscheduler.discovery.scan import scan
from jvscheduler.errors import DiscoveryError, InvalidTask, SchedulerError
from jvscheduler.manifests.mapping import to_row


def main(report: IO[str], names: list[str]) -> None:
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the working folder, as for uvicorn and celery
    sys.argv = ["jvscheduler"]  # a module that parses the command line must not see ours
    try:
        modules = [_import(name, report) for name in names]
        last: dict[str, Any] = {"tasks": [to_row(task) for task in scan(modules, decorated())]}
    except (DiscoveryError, InvalidTask) as error:
        last = {"error": str(error)}
    _write(report, {"files": files_of(sys.modules.values())})
    _write(report, last)


def _write(report: IO[str], line: dict[str, Any]) -> None:
    report.write(json.dumps(line) + "\n")
    report.flush()


def _import(name: str, report: IO[str]) -> ModuleType:
    _write(report, {"importing": name})
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt fail too
        _write(report, {"files": files_in(error)})
        raise DiscoveryError(_shown_failure(name, error)) from None
    _check_quiet(name)
    _check_threads(name)
    return module


def _shown_failure(name: str, error: BaseException) -> str:
    # An error's own code runs when it is shown, and may raise: its `__str__`, its notes.
    try:
        return _failure(name, error)
    except BaseException:  # noqa: BLE001 - it may raise SystemExit too
        where = _location(_user_frames(error.__traceback__))
        kind = type(error).__qualname__
        return f"module {name!r} cannot be imported: {kind} (its message cannot be shown){where}"


def _failure(name: str, error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"module {name!r} exits when imported, with {error.code!r}: guard that with __name__"
    if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
        return (
            f"there is no module {name!r}: run from the folder that holds "
            f"{name.partition('.')[0]!r}, or install it"
        )
    trace = _user_frames(error.__traceback__)
    if isinstance(error, SchedulerError):
        return f"module {name!r}{_location(trace)}: {error}"
    traceback.print_exception(type(error), error, trace)
    return f"module {name!r} cannot be imported: {_summary(error, trace)}"


def _summary(error: BaseException, trace: TracebackType | None) -> str:
    """The error in one line. The whole traceback is on stderr already."""
    lines = traceback.format_exception_only(error)
    if isinstance(error, SyntaxError):  # its own lines begin with the source, the message is last
        return f"{lines[-1].strip()} ({error.filename}, line {error.lineno})"
    return f"{lines[0].splitlines()[0]}{_location(trace)}"


def _user_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without its first frames, which are this module's and importlib's."""
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith(
        ("jvscheduler.", "importlib", "__main__")
    ):
        trace = trace.tb_next
    return trace


def _location(trace: TracebackType | None) -> str:
    """The user's last line. When the decorator refuses a task, its own frames come after it."""
    frames = [
        frame
        for frame in traceback.extract_tb(trace)
        if not frame.filename.startswith((os.path.dirname(os.path.dirname(__file__)), "<"))  # noqa: PTH120
    ]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


def _check_quiet(name: str) -> None:
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None:
            stream.flush()
    if os.fstat(1).st_size:
        printed = os.pread(1, 60, 0).decode(errors="replace")
        raise DiscoveryError(
            f"module {name!r} prints to stdout when imported ({printed!r}), where only the YAML "
            "may be: log it, or print to stderr"
        )


def _check_threads(name: str) -> None:
    alive = [
        thread.name
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.daemon
    ]
    if alive:
        raise DiscoveryError(
            f"module {name!r} starts threads when imported ({', '.join(alive)}), and a process "
            "that imports it never ends: start them in the task, or make them daemons"
        )


if __name__ == "__main__":
    fd = int(sys.argv[1])
    # A process that a module starts must not inherit the report, or it could write to it.
    os.set_inheritable(fd, False)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        main(out, sys.argv[2:])
        out.flush()
        sys.stderr.flush()
        os._exit(0)
