"""Starts the processes of attempts and waits for them; knows nothing of schedules."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from jvscheduler.loop.attempts import Attempt, claim_of, variables
from jvscheduler.loop.endings import ended
from jvscheduler.loop.output import shown
from jvscheduler.outcomes import Outcome


class Launcher(Protocol):
    async def run(self, attempt: Attempt) -> Outcome | None:
        """What became of it; None when it found its job taken."""

    def signal(self, number: signal.Signals) -> None:
        """To every attempt's runner."""


class ProcessLauncher:
    """`environ` is what the attempts' processes inherit.

    What they print is told by the task's id and line to `show`, else it goes
    where this process prints.
    """

    def __init__(
        self,
        database_url: str,
        environ: Mapping[str, str],
        show: Callable[[str, str], None] | None = None,
    ) -> None:
        self._database_url = database_url
        self._environ = environ
        self._show = show
        self._running: set[asyncio.subprocess.Process] = set()
        self._told: signal.Signals | None = None

    async def run(self, attempt: Attempt) -> Outcome | None:
        with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
            message = Path(folder, "termination-log")
            claim = claim_of(attempt, datetime.now(UTC))
            own = variables(attempt, self._database_url, str(message))
            async with self._printing(attempt.task.task_id) as output:
                code = await self._finished({**self._environ, **own}, output)
            return ended(_text(message), code, claim, datetime.now(UTC))

    def signal(self, number: signal.Signals) -> None:
        self._told = number
        for process in self._running:
            _send(process, number)

    @contextlib.asynccontextmanager
    async def _printing(self, task_id: str) -> AsyncIterator[int | None]:
        if self._show is None:
            yield None
            return
        async with shown(partial(self._show, task_id)) as output:
            yield output

    async def _finished(self, environ: Mapping[str, str], output: int | None) -> int:
        """In a session of its own: Ctrl-C in the terminal is `dev`'s to pass on."""
        command = (sys.executable, "-m", "jvscheduler.runner")
        with _held_back(signal.SIGTERM):
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environ,
                start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._running.add(process)
        if self._told is not None:  # while it was being started
            _send(process, self._told)
        try:
            return await process.wait()
        finally:
            self._running.discard(process)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


@contextlib.contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """A process started meanwhile begins with the signal held back, as a runner expects it.

    Else one that is told to terminate while Python starts would die unheard.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
