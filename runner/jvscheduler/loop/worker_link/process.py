"""A worker as a child process of the loop, where no container brings one.

Its output goes line by line to `show`, or to where the loop prints. Its socket is in a
directory that no other user may enter. A worker that ends is started again, after a pause
that grows while it ends early.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from jvscheduler import environment, kernel
from jvscheduler.logs.lines import Form
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.worker_link.output import shown
from jvscheduler.worker import log

Show: TypeAlias = Callable[[str, str], None]
"""Called with the ids of task and attempt, with a space between, and a line of output."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
"""Seconds before a worker is started again. The pause doubles up to the longest."""
_STABLE_SECONDS: Final = 60.0
"""A worker that lived this long ended for a new reason: the pause is the first one again."""
_LONGEST_PATH: Final = 103
"""The most bytes of a socket's path on macOS. Linux takes 107."""

# `end_of_parent`: a loop that is killed leaves no worker behind. In a cluster the pod sees
# to that. `sys.path[0]` is where modules are found, as with `python -m`. It is made absolute,
# because an attempt may change its working directory.
_PROGRAM: Final = """
import importlib, os, signal, sys
if not sys.path[0]:
    sys.path[0] = os.getcwd()
from jvscheduler import kernel
parent = kernel.end_of_parent(signal.SIGTERM)
for module in sys.argv[1:]:
    importlib.import_module(module)
del sys.argv[1:]  # a module of tasks that parses the command line must not see ours
from jvscheduler.worker.__main__ import main
main(parent)
"""


class WorkerProcess:
    """`environ` is what the worker and its attempts inherit.

    The worker imports `modules` before anything else. An import that fails ends it, so they
    must be known to be good.
    """

    def __init__(
        self, socket: Path, environ: Mapping[str, str], show: Show | None, modules: Sequence[str]
    ) -> None:
        self.socket: Final = socket
        self._modules = modules
        self._environ = {
            **kernel.environ_for_forks(),
            **environ,
            environment.WORKER_SOCKET: str(socket),
            # `_show_line` reads the lines.
            environment.LOG_FORMAT: Form.TEXT,
        }
        self._show = show
        self._process: asyncio.subprocess.Process | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep a worker alive while the block runs, and terminate it afterwards.

        Close the connection first: a worker that still has one waits for the loop.
        """
        keeping = asyncio.create_task(self._keep_alive())
        try:
            yield
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping

    def kill(self) -> None:
        """Kill the worker with all its attempts. Another one is started."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _keep_alive(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = asyncio.get_running_loop().time()
            code = await self._run()
            if asyncio.get_running_loop().time() - began > _STABLE_SECONDS:
                pause = _FIRST_PAUSE
            text = f"the worker ended with {code}; another is started in {pause:g} s"
            say(text, Event.PROBLEM)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _run(self) -> int:
        if self._show is None:
            return await self._run_process(None)
        async with shown(self._show_line) as output:
            return await self._run_process(output)

    def _show_line(self, line: str) -> None:
        owner, text = log.read(line)
        if owner == log.OWN:
            say(text)
        elif self._show is not None:
            self._show(owner, text)

    async def _run_process(self, output: int | None) -> int:
        # In a session of its own: Ctrl-C in the terminal must reach the loop alone, which
        # then ends the attempts and records them.
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            *self._modules,
            env=self._environ,
            start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
        )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


@contextlib.asynccontextmanager
async def worker_process(environ: Mapping[str, str]) -> AsyncIterator[WorkerProcess]:
    """A worker whose output goes where this process prints, while the block runs."""
    with socket_in_own_folder() as socket:
        process = WorkerProcess(socket, environ, show=None, modules=())
        async with process.running():
            yield process


@contextlib.contextmanager
def socket_in_own_folder() -> Iterator[Path]:
    # TMPDIR may be too long for a socket's path. A folder in /tmp is this user's alone, too.
    parent = tempfile.gettempdir()
    room = _LONGEST_PATH - len("/jvscheduler-12345678/worker.sock")
    within = parent if len(os.fsencode(parent)) <= room else "/tmp"  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="jvscheduler-", dir=within) as folder:
        yield Path(folder, "worker.sock")
