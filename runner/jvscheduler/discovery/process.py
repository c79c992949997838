"""The parent's side: start the importing process, wait, read what it reported.

The report and the modules' stdout are temporary files, not pipes: a process
that a module left behind cannot keep the reader waiting, and nothing that a
module prints can be taken for the report.
"""

import contextlib
import json
import os
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

from jvscheduler.discovery.unique import check_unique
from jvscheduler.errors import DiscoveryError
from jvscheduler.manifests.mapping import from_row
from jvscheduler.tasks import Task

_MODULE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Found:
    """`tasks`, by task id, are none where there is an `error`; `files` are the user's own."""

    tasks: tuple[Task, ...]
    files: frozenset[Path]
    error: DiscoveryError | None = None


@dataclass(frozen=True)
class Importing:
    """The importing process: `command` and `options` to start it with, then what it found.

    Who starts it waits for it in a way of its own, and kills its process group.
    """

    command: Sequence[str]
    options: Mapping[str, Any]
    _report: IO[bytes]

    def found(self, exit_code: int | None, time_limit: float) -> Found:
        """`exit_code` is None when the time was over."""
        lines = _lines(self._report)
        files = frozenset(Path(file) for line in lines for file in line.pop("files", ()))
        try:
            tasks = _tasks([line for line in lines if line], exit_code, time_limit)
            check_unique(tasks)
        except DiscoveryError as error:
            return Found((), files, error)
        return Found(tuple(sorted(tasks, key=lambda task: task.task_id)), files)


@contextlib.contextmanager
def importing(modules: Sequence[str]) -> Iterator[Importing]:
    """Raises DiscoveryError when a name cannot be a module's."""
    if not modules:
        raise DiscoveryError("name at least one module of tasks, such as shop.tasks")
    for name in modules:
        _check_name(name)
    with TemporaryFile() as report, TemporaryFile() as output:
        fd, names = report.fileno(), dict.fromkeys(modules)
        child = [sys.executable, "-P", "-m", "jvscheduler.discovery.child"]
        options = {"stdin": subprocess.DEVNULL, "stdout": output, "pass_fds": [fd]}
        yield Importing([*child, str(fd), *names], {**options, "start_new_session": True}, report)


def discover(modules: Sequence[str], time_limit: float) -> tuple[Task, ...]:
    """The tasks of the modules, by task id; `time_limit` is in seconds, for all of them.

    Raises DiscoveryError, whose message names the module.
    """
    return find(modules, time_limit).tasks


def find(modules: Sequence[str], time_limit: float) -> Found:
    """As `discover`, with the files that the tasks come from."""
    with importing(modules) as process:
        found = process.found(_run(process, time_limit), time_limit)
    if found.error is not None:
        raise found.error
    return found


def _check_name(name: str) -> None:
    if name == "__main__":
        raise DiscoveryError("__main__ cannot be scanned: name the module by its import path")
    if name.endswith(".py") or _MODULE.fullmatch(name) is None:
        path = name.removesuffix(".py").strip("./").replace("/", ".")
        hint = f", as {path}" if _MODULE.fullmatch(path) else ""
        raise DiscoveryError(f"{name!r} is not a module: name it by its import path{hint}")


def _run(child: Importing, limit: float) -> int | None:
    """The exit code; None when the time was over."""
    process = subprocess.Popen(child.command, **child.options)
    try:
        return process.wait() if _ends_within(process, limit) else None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ends_within(process: subprocess.Popen[bytes], limit: float) -> bool:
    if not hasattr(os, "pidfd_open"):  # only Linux tells at once, elsewhere this polls
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit)
        return process.returncode is not None
    fd = os.pidfd_open(process.pid)
    try:
        return bool(select.select([fd], [], [], limit)[0])
    finally:
        os.close(fd)


def _lines(report: IO[bytes]) -> list[dict[str, Any]]:
    report.seek(0)
    whole = [line for line in report.read().splitlines(keepends=True) if line.endswith(b"\n")]
    return [json.loads(line) for line in whole]


def _tasks(lines: list[dict[str, Any]], exit_code: int | None, limit: float) -> list[Task]:
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
