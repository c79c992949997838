"""The parent's side: start the process that imports, wait for it, read its report.

The report and the stdout of the modules go to two temporary files. With a pipe,
a process that a module leaves behind would keep the pipe open, and the reader
would wait for it. With one file, a line that a module prints could be read as
part of the report.
"""

import contextlib
import json
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from jvscheduler import kernel
from jvscheduler.discovery.unique import check_unique
from jvscheduler.errors import DiscoveryError
from jvscheduler.manifests.mapping import from_row
from jvscheduler.tasks import Task

_MODULE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Discovery:
    """The result of importing some modules."""

    tasks: tuple[Task, ...]
    """Sorted by task id; empty when there is an error."""
    files: frozenset[Path]
    """The user's own Python files that were imported, as far as the import came."""
    error: DiscoveryError | None = None


@dataclass(frozen=True)
class ImportProcess:
    """How to start the process that imports, and how to read its result.

    The caller starts it with `command` and `options`, waits for it, and kills
    its process group when the time limit is over. `discover` waits in a blocking
    call, and `dev` in its event loop.
    """

    command: Sequence[str]
    options: Mapping[str, Any]
    _report: IO[bytes]

    def result(self, exit_code: int | None, time_limit: float) -> Discovery:
        """`exit_code` is None when the process was killed at the time limit."""
        lines = _lines(self._report)
        files = frozenset(Path(file) for line in lines for file in line.pop("files", ()))
        try:
            tasks = _tasks([line for line in lines if line], exit_code, time_limit)
            check_unique(tasks)
        except DiscoveryError as error:
            return Discovery((), files, error)
        return Discovery(tuple(sorted(tasks, key=lambda task: task.task_id)), files)


@contextlib.contextmanager
def import_process(modules: Sequence[str]) -> Iterator[ImportProcess]:
    """Raises DiscoveryError for a name that no module can have."""
    if not modules:
        raise DiscoveryError("name at least one module of tasks, such as shop.tasks")
    for name in modules:
        _check_name(name)
    with TemporaryFile() as report, TemporaryFile() as output:
        fd, names = report.fileno(), dict.fromkeys(modules)
        child = [sys.executable, "-P", "-m", "jvscheduler.discovery.child"]
        options = {"stdin": subprocess.DEVNULL, "stdout": output, "pass_fds": [fd]}
        yield ImportProcess(
            [*child, str(fd), *names], {**options, "start_new_session": True}, report
        )


def discover(modules: Sequence[str], time_limit: float) -> tuple[Task, ...]:
    """The tasks of the modules, sorted by task id.

    `time_limit` is in seconds and holds for all modules together. Raises
    DiscoveryError; the message names the module.
    """
    return discover_tasks_and_files(modules, time_limit).tasks


def discover_tasks_and_files(modules: Sequence[str], time_limit: float) -> Discovery:
    """Like `discover`, with the files that were imported. Raises DiscoveryError."""
    with import_process(modules) as process:
        discovery = process.result(_run(process, time_limit), time_limit)
    if discovery.error is not None:
        raise discovery.error
    return discovery


def _check_name(name: str) -> None:
    if name == "__main__":
        raise DiscoveryError("__main__ cannot be scanned: name the module by its import path")
    if name.endswith(".py") or _MODULE.fullmatch(name) is None:
        path = name.removesuffix(".py").strip("./").replace("/", ".")
        hint = f", as {path}" if _MODULE.fullmatch(path) else ""
        raise DiscoveryError(f"{name!r} is not a module: name it by its import path{hint}")


def _run(child: ImportProcess, limit: float) -> int | None:
    """The exit code; None when the process was killed at the time limit."""
    process = subprocess.Popen(child.command, **child.options)
    try:
        return process.wait() if _ends_within(process, limit) else None
    finally:
        # The process leads a group of its own, so that the signal also reaches the processes
        # that a module has started.
        if process.returncode is None:
            kernel.signal_group(process.pid, signal.SIGKILL)
            process.wait()


def _ends_within(process: subprocess.Popen[bytes], limit: float) -> bool:
    """True when the process ends within `limit` seconds."""
    # `Popen.wait` with a time limit polls.
    with contextlib.closing(kernel.EndDescriptor(process.pid)) as end:
        return bool(select.select([end], [], [], limit)[0])


def _lines(report: IO[bytes]) -> list[dict[str, Any]]:
    report.seek(0)
    # A process that was killed may have left half a line at the end.
    whole = [line for line in report.read().splitlines(keepends=True) if line.endswith(b"\n")]
    return [json.loads(line) for line in whole]


def _tasks(lines: list[dict[str, Any]], exit_code: int | None, limit: float) -> list[Task]:
    # Without any line, the process ended before it could import the user's first module.
    last: dict[str, Any] = lines[-1] if lines else {"importing": "jvscheduler"}
    if "error" in last:
        raise DiscoveryError(last["error"])
    if "tasks" in last:
        return [from_row(row) for row in last["tasks"]]
    raise DiscoveryError(f"module {last['importing']!r} {_early_end(exit_code, limit)}")


def _early_end(exit_code: int | None, limit: float) -> str:
    if exit_code is None:
        return (
            f"was not imported within {limit:g} s: it must not wait or work when imported; "
            "if it only needs longer, raise the limit (`jvscheduler build --import-timeout`)"
        )
    if exit_code < 0:
        return f"ended its process by {_signal_name(-exit_code)} when imported"
    return f"ended its process with exit code {exit_code} when imported"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
