"""One job of a task, run as the scheduler runs it."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jvscheduler.decorators import tasks_of
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.local import local_loop
from jvscheduler.loop.pod_values import pod_values
from jvscheduler.tasks import Task
from jvscheduler.testing.history import MemoryHistory


def run_task(
    target: object,
    *,
    task_id: str | None = None,
    args: Mapping[str, Any] | None = None,
    history: MemoryHistory | None = None,
    database_url: str | None = None,
) -> ScheduledJob:
    """Run a job of the decorated `target` now, and return its record.

    Each attempt is a process of its own, which imports the task's module. Time limit, retries and
    the report are those of a run; a further attempt follows at once. The record is in `history`
    too. The task's entities are in `database_url`, by default a file that is removed afterwards.

    `task_id` chooses one of several tasks of the target. `args` take the place of the task's own.

    Raises InvalidSettings for a target without such a task.
    """
    task = _task(target, task_id)
    if args is not None:
        task = replace(task, args=dict(args))
    store = history if history is not None else MemoryHistory()
    with tempfile.TemporaryDirectory(prefix="jvscheduler-test-") as folder:
        url = database_url or f"sqlite:///{folder}/entities.db"
        return asyncio.run(_run(replace(task, retry_delay_seconds=0), store, url))


def _task(target: object, task_id: str | None) -> Task:
    tasks = tasks_of(target)
    found = [task for task in tasks if task_id in (None, task.task_id)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(task.task_id for task in tasks) or "none: decorate it with on_schedule"
    raise InvalidSettings(f"choose a task of {target!r} with task_id; it has {ids}")


async def _run(task: Task, history: MemoryHistory, url: str) -> ScheduledJob:
    # The process of an attempt finds the modules that this one finds.
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    stop, kill = asyncio.Event(), asyncio.Event()
    values = pod_values(None, os.environ)
    with local_loop(history, url, environ, SystemClock(), values=values) as loop:
        outcome = await loop.run_now(task, stop, kill)
        await loop.settle(kill)
    if outcome is None:
        raise InvalidSettings(f"the job of {task.task_id} had no attempt: see the log")
    (job,) = await history.jobs_with_id(outcome.job_id)
    return job
