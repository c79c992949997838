"""`dev --once TASK` runs one job of one task now, without the API.

The job is started by hand. It has no scheduled time and replaces no due instant.
The limits of the task hold for it as for any other job.
"""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from jvscheduler.configuration.opening import open_project
from jvscheduler.dev.log import show_log
from jvscheduler.dev.settings import Settings
from jvscheduler.dev.stop import EXIT_KILLED, Stop
from jvscheduler.discovery import choose, discover
from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.database import open_store
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.local import local_loop
from jvscheduler.outcomes import Outcome, Status
from jvscheduler.tasks import Task

WriteLine: TypeAlias = Callable[[str], None]


def run_once(settings: Settings, name: str, write_line: WriteLine) -> int:
    """Returns the exit code: 0 only when the task completed.

    Raises what `write_line` raised first, after the job has ended.
    """
    show_log(coloured=settings.coloured)
    project = open_project(settings.selection)
    tasks = project.configured(discover(project.modules, settings.import_seconds))
    task = choose(tasks, name, "--once")
    return asyncio.run(_run_once(settings, task, write_line))


async def _run_once(settings: Settings, task: Task, write_line: WriteLine) -> int:
    store = open_store(settings.database_url)
    stop, printer = Stop(), Printer(write_line)
    url, environ, values = settings.database_url, settings.environ, settings.values
    try:
        await store.open()
        with local_loop(
            store, url, environ, SystemClock(), show=printer.show, values=values
        ) as loop:
            outcome = await loop.run_now(task, stop.requested, stop.forced)
            await loop.settle(stop.forced)
    finally:
        await store.close()
    if printer.error is not None:
        raise printer.error
    return EXIT_KILLED if stop.forced.is_set() else _exit_code(outcome)


class Printer:
    """Writes the task's output line by line. An error ends the output, and not the task."""

    def __init__(self, write_line: WriteLine) -> None:
        self._write_line = write_line
        self.error: OSError | SchedulerError | None = None

    def show(self, _: str, line: str) -> None:
        if self.error is not None:
            return
        try:
            self._write_line(line)
        except (OSError, SchedulerError) as error:
            self.error = error


def _exit_code(outcome: Outcome | None) -> int:
    return 0 if outcome is not None and outcome.status is Status.COMPLETED else 1
