"""The loop that starts jobs when they are due, and ends them truly when told to stop."""

import asyncio
import signal
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.store import HistoryStore
from jvscheduler.loop.attempts import job_name
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.due import Due, due_between, next_instant
from jvscheduler.loop.jobs import Jobs
from jvscheduler.loop.launcher import Launcher
from jvscheduler.loop.log import Event, say
from jvscheduler.tasks import Task

SWEEP_PAUSE: Final = timedelta(seconds=15)


class Scheduler:
    def __init__(
        self, tasks: Sequence[Task], store: HistoryStore, launcher: Launcher, clock: Clock
    ) -> None:
        self._tasks = tuple(tasks)
        self._jobs = Jobs(store, launcher, clock)
        self._launcher = launcher
        self._clock = clock
        self._replacement = self._tasks
        self._replaced = asyncio.Event()
        self._started: set[asyncio.Task[object]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then every running job is told to terminate and waited for."""
        self._start(self._sweep_until(stop))
        await self._schedule_until(stop)
        self._launcher.signal(signal.SIGTERM)
        while self._started:
            await asyncio.wait(self._started)
        await self._jobs.sweep()

    def replace_tasks(self, tasks: Sequence[Task]) -> None:
        """From now on: what was due before, and every job that runs, is still the old tasks'."""
        self._replacement = tuple(tasks)
        self._replaced.set()

    async def settle(self, enough: asyncio.Event) -> None:
        """After `run`: until the history has every outcome, or `enough`."""
        await self._jobs.settle(enough)

    async def _schedule_until(self, stop: asyncio.Event) -> None:
        last = self._clock.now()
        while True:
            await self._wait(next_instant(self._tasks, last), stop)
            if stop.is_set():
                return
            now = max(last, self._clock.now())
            for due in due_between(self._tasks, last, now):
                self._start_due(due, stop)
            last = now
            self._tasks = self._replacement

    async def _wait(self, instant: datetime | None, stop: asyncio.Event) -> None:
        """Until the instant, the stop or a replacement of the tasks."""
        self._replaced.clear()
        clock = asyncio.create_task(self._clock.wait_until(instant, stop))
        replaced = asyncio.create_task(self._replaced.wait())
        try:
            await asyncio.wait({clock, replaced}, return_when=asyncio.FIRST_COMPLETED)
            if clock.done():
                clock.result()
        finally:
            clock.cancel()
            replaced.cancel()

    def _start_due(self, due: Due, stop: asyncio.Event) -> None:
        if due.missed:
            say(
                f"{due.task.task_id} missed {due.missed} earlier instant(s); running the last",
                Event.PROBLEM,
            )
        name = job_name(due.task, due.instant)
        say(f"{due.task.task_id} is due", Event.DUE)
        self._start(self._jobs.run(due.task, name, stop))

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        started = asyncio.create_task(work)
        self._started.add(started)
        started.add_done_callback(self._finished)

    def _finished(self, work: asyncio.Task[object]) -> None:
        self._started.discard(work)
        if not work.cancelled() and (error := work.exception()) is not None:
            say(f"unexpected error: {error!r}", Event.PROBLEM)

    async def _sweep_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for job in await self._jobs.sweep():
                self._resume(job, stop)
            await self._clock.wait_until(self._clock.now() + SWEEP_PAUSE, stop)

    def _resume(self, job: ScheduledJob, stop: asyncio.Event) -> None:
        """A job that awaited its retry when the scheduler before this one ended."""
        task = next((t for t in self._tasks if t.task_id == job.job_name), None)
        if task is not None:
            text = f"{task.task_id} is tried again: an earlier scheduler ended before it could"
            say(text, Event.RETRY)
            attempts = len(job.attempts)
            self._start(self._jobs.run(task, job.kubernetes_job, stop, attempts))
