"""`dev --once TASK`: one job of one task, now, without a schedule and without the API.

It is a manual job: it has no scheduled time, takes no due instant's place, and
keeps to the task's limits like any other.
"""

import asyncio
import secrets
import signal
from collections.abc import Sequence
from difflib import get_close_matches

from jvscheduler.dev.log import show_log
from jvscheduler.dev.settings import Settings
from jvscheduler.dev.stop import KILLED, Stop
from jvscheduler.discovery import discover
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.urls import open_store
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.jobs import Jobs
from jvscheduler.loop.launcher import Launcher, ProcessLauncher
from jvscheduler.names import resource_name
from jvscheduler.outcomes import Outcome, Status
from jvscheduler.tasks import Task


def run_once(settings: Settings, name: str) -> int:
    """The exit code: 0 only when the task completed."""
    show_log(coloured=settings.coloured)
    task = choose(discover(settings.modules, settings.import_seconds), name)
    return asyncio.run(_run_once(settings, task))


def choose(tasks: Sequence[Task], name: str) -> Task:
    """The task of that id, else the only one of that function."""
    found = [t for t in tasks if t.task_id == name] or [t for t in tasks if _function(t) == name]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(task.task_id for task in found or tasks)
    if found:
        raise InvalidSettings(f"--once {name} could be any of {ids}: give the whole id")
    names = [word for task in tasks for word in (task.task_id, _function(task))]
    near = get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InvalidSettings(f"--once: there is no task {name!r}{hint}; the tasks are: {ids}")


def _function(task: Task) -> str:
    return task.entrypoint.partition(":")[2]


async def _run_once(settings: Settings, task: Task) -> int:
    store = open_store(settings.database_url)
    launcher = ProcessLauncher(settings.database_url, settings.environ)
    stop = Stop(launcher)
    jobs = Jobs(store, launcher, SystemClock())
    terminating = asyncio.create_task(_terminate(launcher, stop))
    try:
        await store.open()
        outcome = await jobs.run(task, _job_name(task), stop.asked)
        if outcome is not None and stop.asked.is_set():
            await jobs.give_up(outcome)
        await jobs.settle(stop.impatient)
    finally:
        terminating.cancel()
        await store.close()
    return KILLED if stop.impatient.is_set() else _exit_code(outcome)


async def _terminate(launcher: Launcher, stop: Stop) -> None:
    await stop.asked.wait()
    launcher.signal(signal.SIGTERM)


def _job_name(task: Task) -> str:
    """Never that of a due instant."""
    return f"{resource_name(task.task_id)}-manual-{secrets.token_hex(4)}"


def _exit_code(outcome: Outcome | None) -> int:
    return 0 if outcome is not None and outcome.status is Status.COMPLETED else 1
