"""Tasks that try to hurt other attempts, or the worker that has forked them."""

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from jvscheduler import environment
from tests.support.runner.tasks.ends import MARKER, mark

IMPORTED_BY = os.getpid()
SEEDED_BY: list[int] = []
sys.modules.setdefault("numpy.random", SimpleNamespace(seed=lambda: SEEDED_BY.append(os.getpid())))  # type: ignore[arg-type]


def tells_who_imported_it() -> int:
    return IMPORTED_BY


def draws() -> list[float | bool]:
    return [random.random(), [os.getpid()] == SEEDED_BY]


def tells_its_environment() -> str | None:
    return os.environ.get("SHOP")


def prints_without_end() -> None:
    mark()
    while True:
        print("x" * 1000)


def prints_a_line_without_end() -> None:
    mark()
    while True:
        sys.stdout.write("x" * 1000)
        sys.stdout.flush()


def writes_to_whatever_is_open() -> str:
    for descriptor in range(3, 1024):
        with contextlib.suppress(OSError):
            os.write(descriptor, b'{"kind":"Ended"}\n' * 100)
    return "written"


def kills_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leaves_fork_and_returns() -> str:
    _leave_fork()
    return "left"


def leaves_fork_and_waits() -> None:
    _leave_fork()
    time.sleep(600)


def _leave_fork() -> None:
    """Leave a daemon that forked twice and has its own session.

    Only its ancestry shows which attempt it came from.
    """
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            mark(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    os.wait()
    while not Path(os.environ[MARKER]).exists():
        time.sleep(0.01)


def speaks_for_the_loop() -> str:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(os.environ[environment.WORKER_SOCKET])
        return caller.recv(100).decode() or "turned away"


def starts_threads_and_forks() -> str:
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    for _ in range(20):
        if os.fork() == 0:
            time.sleep(600)
    return "left forty"
