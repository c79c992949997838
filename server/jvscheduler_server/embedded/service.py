"""`server.scheduler_service`: the tasks of one server, and the loop that runs them."""

import asyncio
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from jvscheduler.attempt.retries import is_retried
from jvscheduler.discovery.unique import check_unique
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.local import LocalLoop, local_loop
from jvscheduler.outcomes import Outcome, Status
from jvscheduler.tasks import Task
from jvscheduler_server.cluster.local import LocalCluster
from jvscheduler_server.embedded.settings import Settings

_COMPAT: Final = "jvscheduler.compat.jvspatial"


class JobCounter:
    """Counts the jobs that this process has seen end, for `get_status`. The history counts all."""

    def __init__(self) -> None:
        self._running: set[str] = set()
        """Attempts."""
        self._failed: dict[str, int] = {}
        """How many attempts have failed of a job that is tried again."""
        # With all keys from the beginning: another thread may read it while one is added.
        self._ended: Counter[Status] = Counter(dict.fromkeys(Status, 0))

    def count(self, attempt: Outcome) -> None:
        """Take an attempt's start or its end."""
        if attempt.status is Status.RUNNING:
            self._running.add(attempt.attempt_id)
        # A skipped job ends without having started: it did not run.
        elif attempt.attempt_id in self._running:
            self._running.discard(attempt.attempt_id)
            self._count_end(attempt)

    def _count_end(self, attempt: Outcome) -> None:
        made = self._failed.pop(attempt.job_id, 0) + 1
        if is_retried(attempt, made):
            self._failed[attempt.job_id] = made
        else:
            self._ended[attempt.status] += 1

    def statistics(self) -> dict[str, Any]:
        """Return the counts. `success_rate` is in percent, as in the API's answers."""
        successful, total = self._ended[Status.COMPLETED], self._ended.total()
        return {
            "running_tasks": len(self._running),
            "total_executions": total,
            "successful_executions": successful,
            "failed_executions": total - successful,
            "success_rate": successful / total * 100 if total else 0.0,
        }


Key: TypeAlias = tuple[str, str]
"""The entrypoint of a task and its id: a function may have several tasks."""


class SchedulerService:
    """Tasks are registered before the server starts. `run` lasts as long as the server."""

    def __init__(self, settings: Settings) -> None:
        self.store = open_store(settings.database_url)
        self.cluster = LocalCluster(())
        """The tasks, as the API reads them."""
        self._settings = settings
        self._tasks: dict[Key, Task] = {}
        """By entrypoint and id, so that a task that is registered twice runs once."""
        self._jobs = JobCounter()
        self._start_time: datetime | None = None

    @property
    def tasks(self) -> Sequence[Task]:
        return tuple(self._tasks.values())

    @property
    def is_running(self) -> bool:
        return self._start_time is not None

    def register(self, tasks: Sequence[Task]) -> None:
        """Add tasks.

        Raises DiscoveryError for two with the same id or name, InvalidSettings while the
        scheduler runs.
        """
        if self.is_running:
            raise InvalidSettings("the scheduler runs already: register tasks before the server")
        self._replace_tasks(self._together_with(tasks))

    def _together_with(self, tasks: Sequence[Task]) -> dict[Key, Task]:
        zoned = [task.with_default_zone(self._settings.time_zone) for task in tasks]
        together = self._tasks | {(task.entrypoint, task.task_id): task for task in zoned}
        check_unique(together.values())
        return together

    def _replace_tasks(self, tasks: dict[Key, Task]) -> None:
        self._tasks = tasks
        self.cluster.replace_tasks(self.tasks)

    async def run(self) -> None:
        """Run the tasks until it is cancelled. Then end each running attempt and record it."""
        await self._run(self.store, lambda _: None)

    async def _run(self, store: LoopStore, on_ready: Callable[[LocalLoop], None]) -> None:
        url, environ = self._settings.database_url, self._settings.environ
        clock, count = SystemClock(self._settings.interval), self._jobs.count
        # The processes of tasks read jvspatial's names as this process does.
        modules = [name for name in (_COMPAT,) if name in sys.modules]
        values = self._settings.values
        with local_loop(
            store, url, environ, clock, on_attempt=count, modules=modules, values=values
        ) as loop:
            on_ready(loop)
            loop.replace_tasks(self.tasks)
            self._start_time = datetime.now(UTC)
            try:
                with _hangup_as_termination():
                    await _run_until_cancelled(loop)
            finally:
                self._start_time = None

    def get_status(self) -> dict[str, Any]:
        """Return the status with jvspatial's keys. Executions are jobs that ended here."""
        start, enabled = self._start_time, sum(task.enabled for task in self.tasks)
        return {
            "is_running": self.is_running,
            "start_time": start.isoformat() if start else None,
            "uptime_seconds": (datetime.now(UTC) - start).total_seconds() if start else 0.0,
            "registered_tasks": len(self.tasks),
            "enabled_tasks": enabled,
            "scheduled_jobs": enabled,
            **self._jobs.statistics(),
            "config": {
                "enabled": True,
                "interval": self._settings.interval,
                "timezone": self._settings.time_zone,
            },
        }


@contextmanager
def _hangup_as_termination() -> Iterator[None]:
    """Take SIGHUP as SIGTERM, which uvicorn handles, where the application leaves it alone.

    When the terminal closes, Python would otherwise end at once: jobs would stay `running`.
    """
    is_free = signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    # Only the main thread may handle signals. A server in a thread of a test gets none.
    if not is_free or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, signal.raise_signal, signal.SIGTERM)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _run_until_cancelled(loop: LocalLoop) -> None:
    stop, never = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(loop.run(stop, never))
    try:
        # Shielded: a cancelled loop could not record the attempts that it ends.
        await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await running
        raise
