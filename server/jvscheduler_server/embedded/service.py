"""`server.scheduler_service`: the tasks of one server, and the loop that runs them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from jvscheduler.discovery.unique import check_unique
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.store.database import open_store
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.local import LocalLoop, local_loop
from jvscheduler.tasks import Task
from jvscheduler_server.embedded.settings import Settings
from jvscheduler_server.embedded.tally import Tally


class SchedulerService:
    """Tasks are registered before the server starts; `run` lasts as long as it does."""

    def __init__(self, settings: Settings) -> None:
        self.store = open_store(settings.database_url)
        self._settings = settings
        self._tasks: dict[str, Task] = {}
        self._tally = Tally()
        self._start_time: datetime | None = None

    @property
    def tasks(self) -> Sequence[Task]:
        return tuple(self._tasks.values())

    @property
    def is_running(self) -> bool:
        return self._start_time is not None

    def register(self, tasks: Sequence[Task]) -> None:
        """Raises DiscoveryError for two of the same id or name, InvalidSettings once it runs."""
        if self.is_running:
            raise InvalidSettings("the scheduler runs already: register tasks before the server")
        zoned = [task.with_default_zone(self._settings.time_zone) for task in tasks]
        together = self._tasks | {task.entrypoint: task for task in zoned}
        check_unique(together.values())
        self._tasks = together

    async def run(self) -> None:
        """Until it is cancelled; then every running task is ended and recorded first."""
        url, environ = self._settings.database_url, self._settings.environ
        clock = SystemClock(self._settings.interval)
        with local_loop(self.store, url, environ, clock, on_attempt=self._tally.count) as loop:
            loop.replace_tasks(self.tasks)
            self._start_time = datetime.now(UTC)
            try:
                await _until_cancelled(loop)
            finally:
                self._start_time = None

    def get_status(self) -> dict[str, Any]:
        """With the keys of jvspatial's own; executions are attempts of this process."""
        began, enabled = self._start_time, sum(task.enabled for task in self.tasks)
        return {
            "is_running": self.is_running,
            "start_time": began.isoformat() if began else None,
            "uptime_seconds": (datetime.now(UTC) - began).total_seconds() if began else 0.0,
            "registered_tasks": len(self.tasks),
            "enabled_tasks": enabled,
            "scheduled_jobs": enabled,
            **self._tally.figures(),
            "config": {
                "enabled": True,
                "interval": self._settings.interval,
                "timezone": self._settings.time_zone,
            },
        }


async def _until_cancelled(loop: LocalLoop) -> None:
    stop, never = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(loop.run(stop, never))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await running
        raise
