"""Discovers the tasks again when the code changes, until it is cancelled.

In a process of its own as the first time, so that whatever an edit does there
leaves the scheduler alone. What cannot be imported is told, and the tasks stay
as they were until the next change.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from jvscheduler.dev.changes import changes
from jvscheduler.dev.watch import Look, changed, look
from jvscheduler.discovery import Discovery, import_process
from jvscheduler.loop.log import Event, say
from jvscheduler.tasks import Task

_PAUSE: Final = 0.25
"""Seconds between two looks; files count when they are the same in two."""


class Reloader:
    """`apply` is told the tasks after each reload; `began` is when the first discovery did."""

    def __init__(
        self,
        modules: Sequence[str],
        import_seconds: float,
        first: Discovery,
        began: float,
        apply: Callable[[Sequence[Task]], None],
    ) -> None:
        self._modules = modules
        self._import_seconds = import_seconds
        self._tasks = first.tasks
        self._apply = apply
        self._folders = {Path.cwd(), *_folders(first)}
        self._seen = look(self._folders, before=began)

    async def run(self) -> None:
        while True:
            now = await self._next_change()
            names = ", ".join(_short(file) for file in changed(self._seen, now))
            say(f"code changed: {names}")
            self._seen = now
            await self._reload()

    async def _next_change(self) -> Look:
        """Once it is over: an editor, or git, may write for a while."""
        last = self._seen
        while True:
            await asyncio.sleep(_PAUSE)
            now = look(self._folders)
            if now == last and now != self._seen:
                return now
            last = now

    async def _reload(self) -> None:
        began = time.time()
        discovery = await rediscover(self._modules, self._import_seconds)
        new = _folders(discovery) - self._folders
        self._folders |= new
        self._seen = {**self._seen, **look(new, before=began)}
        if discovery.error is not None:
            text = f"not reloaded, the tasks stay as they were: {discovery.error}"
            say(text, Event.PROBLEM)
            return
        for line in changes(self._tasks, discovery.tasks) or ["reloaded, no task is another"]:
            say(line)
        self._tasks = discovery.tasks
        self._apply(discovery.tasks)


async def rediscover(modules: Sequence[str], import_seconds: float) -> Discovery:
    """Cancelled, it leaves no process behind."""
    with import_process(modules) as child:
        process = await asyncio.create_subprocess_exec(*child.command, **child.options)
        code = None
        try:
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(process.wait(), import_seconds)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return child.result(code, import_seconds)


def _folders(discovery: Discovery) -> set[Path]:
    return {file.parent for file in discovery.files}


def _short(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
