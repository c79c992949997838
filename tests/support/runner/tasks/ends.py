"""One task for each way in which a task can end."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from jvspatial.core import Object, Root, Walker, on_visit

MARKER = "RUNNER_TEST_MARKER"
"""The variable with the path of a file that a task writes when it runs."""


def mark(text: str = "running") -> None:
    Path(os.environ[MARKER]).write_text(text)


class Sample(Object):
    value: int = 0


def returns() -> dict[str, int]:
    print("work done")
    return {"answer": 42}


async def returns_async() -> int:
    await Sample.create(value=7)
    return len(await Sample.find({"context.value": 7}))


class Walks(Walker):
    @on_visit(Root)  # type: ignore[untyped-decorator]
    async def enter(self, root: Root) -> None:
        await self.report({"entered": root.id})


class WalksIntoError(Walker):
    @on_visit(Root)  # type: ignore[untyped-decorator]
    async def enter(self, _: Root) -> None:
        raise ValueError("no shelves")


def raises() -> None:
    raise ValueError("no stock")


async def raises_async() -> None:
    await asyncio.sleep(0)
    raise KeyError(7)


def raises_base() -> None:
    raise KeyboardInterrupt


def exits_well() -> None:
    sys.exit()


def exits_badly() -> None:
    sys.exit("it went wrong")


def exits_at_once() -> None:
    os._exit(3)


def exits_at_once_with_zero() -> None:
    os._exit(0)


def crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def loops_deaf() -> None:
    """Loop for ever, with one child in the process group and one outside. All ignore SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    children = [
        subprocess.Popen([sys.executable, "-c", deaf], start_new_session=alone)
        for alone in (False, True)
    ]
    mark(" ".join(str(child.pid) for child in children))
    while True:
        pass


def ignores_all() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    mark()
    while True:
        time.sleep(600)


async def cleans_up() -> None:
    mark()
    try:
        await asyncio.Event().wait()
    finally:
        mark("cleaned up")


def completes_when_told() -> str:
    terminated = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    mark()
    terminated.wait()
    return "in good order"


def closes_every_file() -> str:
    os.closerange(0, 1024)
    return "closed"


def forks_and_returns_twice() -> str:
    return "child" if os.fork() == 0 else "parent"


def leaves_thread() -> str:
    threading.Thread(target=time.sleep, args=(600,), name="sleeper").start()
    return "left a thread"


def leaves_daemon() -> None:
    daemon = subprocess.Popen(["setsid", "--fork", sys.executable, "-c", DAEMON])
    daemon.wait()
    while not Path(os.environ[MARKER]).exists():
        time.sleep(0.01)


def leaves_session() -> None:
    """Leave a process that no signal to the attempt's group reaches."""
    subprocess.Popen([sys.executable, "-c", DAEMON], start_new_session=True)
    while not Path(os.environ[MARKER]).exists():
        time.sleep(0.01)


DAEMON = f"""
import os, time
with open(os.environ["{MARKER}"] + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(os.environ["{MARKER}"] + ".new", os.environ["{MARKER}"])
time.sleep(600)
"""


def waits() -> None:
    mark()
    time.sleep(600)
