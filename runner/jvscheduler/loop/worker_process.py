"""A worker as a child of the loop's own process, where no container brings one.

Its socket is in a directory that nobody else may enter. A worker that dies is
started again, after a pause that grows so long as it dies young.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from jvscheduler import environment
from jvscheduler.loop.log import say

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_GROWN_UP: Final = 60.0
"""Seconds after which a worker's death is no reason to wait longer."""

_PROGRAM: Final = """
import signal
from jvscheduler.runner import kernel
kernel.die_with_parent(signal.SIGTERM)
from jvscheduler.worker.__main__ import main
main()
"""
"""A loop that was killed leaves no worker behind; in a cluster that is the pod's business."""


@contextlib.asynccontextmanager
async def worker_process(environ: Mapping[str, str]) -> AsyncIterator[Path]:
    """The path of its socket. `environ` is what the worker, and so its runs, inherit.

    At the end it terminates: let the loop close its connection first.
    """
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        path = Path(folder, "worker.sock")
        own = {**environ, environment.WORKER_SOCKET: str(path)}
        keeping = asyncio.create_task(_keep_alive(own))
        try:
            yield path
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping


async def _keep_alive(environ: Mapping[str, str]) -> None:
    pause = _FIRST_PAUSE
    while True:
        began = asyncio.get_running_loop().time()
        code = await _live(environ)
        if asyncio.get_running_loop().time() - began > _GROWN_UP:
            pause = _FIRST_PAUSE
        say(f"the worker ended with {code}; another is started in {pause:g} s")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _live(environ: Mapping[str, str]) -> int:
    """In a session of its own: Ctrl-C in the terminal is the loop's to act on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM,
        env=environ,
        start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
