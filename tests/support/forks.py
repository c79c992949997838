"""Forked children, each with a process group of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Fork = Callable[[Callable[[], object]], int]
"""Forks a child that exits with 0 after this work, and returns its id."""


@contextmanager
def forks() -> Iterator[Fork]:
    """Whatever is left of the children is killed and reaped after the block."""
    pids: list[int] = []

    def fork(work: Callable[[], object]) -> int:
        pid = os.fork()
        if pid == 0:
            _run(work)
        pids.append(pid)
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return pid

    yield fork
    for pid in pids:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _run(work: Callable[[], object]) -> None:
    code = 1
    try:
        os.setpgid(0, 0)
        work()
        code = 0
    finally:
        os._exit(code)


def start_in_a_session_of_its_own() -> int:
    """Start a process that no signal to this one's group reaches, and return its id."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    return subprocess.Popen(command, start_new_session=True).pid
