"""A worker as a child of the loop's own process, where no container brings one.

What it prints is told line by line to `show`, else it goes where the loop prints.
Its socket is in a directory that nobody else may enter. A worker that dies is
started again, after a pause that grows so long as it dies young.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from jvscheduler import environment
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.worker_link.output import shown
from jvscheduler.worker import log

Show: TypeAlias = Callable[[str, str], None]
"""Told the task's id and a line of its output."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_GROWN_UP: Final = 60.0
"""Seconds after which a worker's death is no reason to wait longer."""

_PROGRAM: Final = """
import importlib, os, signal, sys
if not sys.path[0]:
    sys.path[0] = os.getcwd()
from jvscheduler.attempt import kernel
kernel.die_with_parent(signal.SIGTERM)
for module in sys.argv[1:]:
    importlib.import_module(module)
from jvscheduler.worker.__main__ import main
main()
"""
"""A loop that was killed leaves no worker behind; in a cluster that is the pod's business.

The folder in which it starts is where modules are found, as with `python -m`: whole, for
a run may change its own."""


class WorkerProcess:
    """The one that lives now; `environ` is what it, and so its runs, inherit.

    `modules` it imports before anything else: they are known to be good.
    """

    def __init__(
        self, socket: Path, environ: Mapping[str, str], show: Show | None, modules: Sequence[str]
    ) -> None:
        self.socket = socket
        self._modules = modules
        self._environ = {**environ, environment.WORKER_SOCKET: str(socket)}
        self._show = show
        self._process: asyncio.subprocess.Process | None = None

    def kill(self) -> None:
        """With all its runs; another one is started."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def keep_alive(self) -> None:
        """Ends by being cancelled, and the worker with it."""
        pause = _FIRST_PAUSE
        while True:
            began = asyncio.get_running_loop().time()
            code = await self._live()
            if asyncio.get_running_loop().time() - began > _GROWN_UP:
                pause = _FIRST_PAUSE
            text = f"the worker ended with {code}; another is started in {pause:g} s"
            say(text, Event.PROBLEM)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _live(self) -> int:
        if self._show is None:
            return await self._run(None)
        async with shown(self._tell) as output:
            return await self._run(output)

    def _tell(self, line: str) -> None:
        owner, text = log.read(line)
        if owner == log.OWN:
            say(text)
        elif self._show is not None:
            self._show(owner, text)

    async def _run(self, output: int | None) -> int:
        """In a session of its own: Ctrl-C in the terminal is the loop's to act on."""
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
async def worker_process(
    environ: Mapping[str, str], show: Show | None = None, modules: Sequence[str] = ()
) -> AsyncIterator[WorkerProcess]:
    """At the end it terminates: let the loop close its connection first."""
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        process = WorkerProcess(Path(folder, "worker.sock"), environ, show, modules)
        keeping = asyncio.create_task(process.keep_alive())
        try:
            yield process
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
