"""Discovers the tasks again whenever the user's code changes.

Each discovery imports the code in a process of its own, so that a broken edit
does no harm to the scheduler. If the code cannot be imported, `dev` says so and
keeps the tasks as they were until the next change.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from jvscheduler import kernel
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.project import Selection
from jvscheduler.dev.changes import changes
from jvscheduler.dev.watch import FileStates, changed_files, snapshot
from jvscheduler.discovery import Discovery, import_process
from jvscheduler.errors import DiscoveryError, InvalidSettings
from jvscheduler.loop.log import Event, say
from jvscheduler.tasks import Task

_PAUSE: Final = 0.25
"""Seconds between two snapshots. A change counts when two snapshots in a row are the same."""


class Reloader:
    """Calls `apply` with the tasks after each reload, until `run` is cancelled.

    `started_at` is the Unix time at which the first discovery started.
    """

    def __init__(
        self,
        selection: Selection,
        import_seconds: float,
        first: Discovery,
        started_at: float,
        apply: Callable[[Sequence[Task]], None],
    ) -> None:
        self._selection = selection
        self._import_seconds = import_seconds
        self._tasks: Sequence[Task] = first.tasks
        self._apply = apply
        self._folders = {Path.cwd(), *_folders(first)}
        self._seen = snapshot(self._folders, modified_before=started_at)

    async def run(self) -> None:
        while True:
            current = await self._next_change()
            names = ", ".join(_short(file) for file in changed_files(self._seen, current))
            say(f"code changed: {names}")
            self._seen = current
            await self._reload()

    async def _next_change(self) -> FileStates:
        """Wait until files have changed and the change is over.

        An editor or git may write for a while. A reload in between would import
        half of an edit.
        """
        last = self._seen
        while True:
            await asyncio.sleep(_PAUSE)
            current = snapshot(self._folders)
            if current == last and current != self._seen:
                return current
            last = current

    async def _reload(self) -> None:
        try:
            tasks = await self._current_tasks()
        except (InvalidSettings, DiscoveryError) as error:
            say(f"not reloaded, the tasks stay as they were: {error}", Event.PROBLEM)
            return
        for line in changes(self._tasks, tasks) or ["reloaded, no task has changed"]:
            say(line)
        self._tasks = tasks
        self._apply(tasks)

    async def _current_tasks(self) -> Sequence[Task]:
        """Raises InvalidSettings and DiscoveryError."""
        project = open_project(self._selection)
        started_at = time.time()
        discovery = await rediscover(project.modules, self._import_seconds)
        # An edit may import modules from folders that were not watched. Their files count from
        # the time before the import, so that an edit during the import is not missed.
        new = _folders(discovery) - self._folders
        self._folders |= new
        self._seen = {**self._seen, **snapshot(new, modified_before=started_at)}
        if discovery.error is not None:
            raise discovery.error
        return project.configured(discovery.tasks)


async def rediscover(modules: Sequence[str], import_seconds: float) -> Discovery:
    """Like `discover_tasks_and_files`, without blocking the event loop.

    It leaves no process behind when it is cancelled.
    """
    with import_process(modules) as child:
        process = await asyncio.create_subprocess_exec(*child.command, **child.options)
        code = None
        try:
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(process.wait(), import_seconds)
        finally:
            if process.returncode is None:
                # The module may have started processes of its own. They are in its group.
                kernel.signal_group(process.pid, signal.SIGKILL)
                await process.wait()
        return child.result(code, import_seconds)


def _folders(discovery: Discovery) -> set[Path]:
    return {file.parent for file in discovery.files}


def _short(file: Path) -> str:
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)
