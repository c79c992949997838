"""jvspatial's `SchedulerService`: the application makes it, starts it and stops it.

It runs in a thread with an event loop of its own: `start` and `stop` are plain calls, which work
before the server serves, and while the application blocks its own event loop.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jvspatial.api.context import get_current_server
from jvspatial.core.context import GraphContext
from jvspatial.runtime.serverless import is_serverless_mode

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.store.database import open_store
from jvscheduler.history.urls import absolute_url
from jvscheduler.loop.local import LocalLoop
from jvscheduler.tasks import Task
from jvscheduler_server.api.lifespan import opened
from jvscheduler_server.embedded import databases, service
from jvscheduler_server.embedded.compat.config import SchedulerConfig
from jvscheduler_server.embedded.compat.thread import LoopThread
from jvscheduler_server.embedded.settings import (
    database_url_of_environment,
    is_task_process,
    make_settings,
)

_log = logging.getLogger(__name__)


class SchedulerService(service.SchedulerService):
    def __init__(
        self, config: SchedulerConfig | None = None, graph_context: GraphContext | None = None
    ) -> None:
        """`graph_context` has the database of the history. None: it is the server's."""
        self.config = _checked(config)
        own = _context_of_server() if graph_context is None else graph_context
        self.graph_context: GraphContext | None = own
        settings = make_settings(1, self.config.timezone, _url_of(own))
        super().__init__(replace(settings, interval=self.config.interval))
        self._thread: LoopThread | None = None
        self._loop: LocalLoop | None = None
        self._ends_with_server = False
        for note in self.config.notes():
            _log.warning("%s", note)

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_running

    def start(self, interval: float | None = None) -> None:
        """Run the tasks from now on, until `stop`, or until the server or the process ends."""
        if interval is not None and interval != self.config.interval:
            raise InvalidSettings("start(interval=…) has no effect: give it to SchedulerConfig")
        why_not = "it runs already" if self.is_running else _why_not(self.config)
        if why_not is not None:
            _log.warning("start() does nothing: %s", why_not)
            return
        self._end_with_server()
        self._thread = LoopThread(self._run_in_thread)
        self._thread.start()

    def stop(self) -> None:
        """End each running attempt, record it, and return."""
        if self._thread is not None:
            self._thread.end()

    async def run(self) -> None:
        """Run as long as the server, whether the application has called `start` or not."""
        if not self.is_running:
            self.start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(self.stop)

    def register(self, tasks: Sequence[Task]) -> None:
        """Add tasks, while the scheduler runs too."""
        limit = self.config.default_timeout
        limited = [t if t.timeout_seconds else replace(t, timeout_seconds=limit) for t in tasks]
        self._replace_tasks(self._together_with(limited))

    def unregister_task(self, task_id: str) -> bool:
        """Schedule the task no more. False when there is none."""
        found = self._key_of(task_id)
        if found is not None:
            self._replace_tasks({key: task for key, task in self._tasks.items() if key != found})
        return found is not None

    def enable_task(self, task_id: str) -> bool:
        """Resume the task. False when there is none."""
        return self._set_enabled(task_id, enabled=True)

    def disable_task(self, task_id: str) -> bool:
        """Suspend the task. False when there is none."""
        return self._set_enabled(task_id, enabled=False)

    def get_status(self) -> dict[str, Any]:
        return {**super().get_status(), "config": self.config.model_dump()}

    def _set_enabled(self, task_id: str, *, enabled: bool) -> bool:
        found = self._key_of(task_id)
        if found is not None:
            changed = replace(self._tasks[found], enabled=enabled)
            self._replace_tasks(self._tasks | {found: changed})
        return found is not None

    def _key_of(self, task_id: str) -> service.Key | None:
        return next((key for key, task in self._tasks.items() if task.task_id == task_id), None)

    def _replace_tasks(self, tasks: dict[service.Key, Task]) -> None:
        super()._replace_tasks(tasks)
        if self._thread is not None:
            self._thread.call(self._serve_tasks)

    def _serve_tasks(self) -> None:
        if self._loop is not None:
            self._loop.replace_tasks(self.tasks)

    async def _run_in_thread(self) -> None:
        # A connection of the thread's own: that of `self.store` is for the server's event loop.
        store = open_store(self._settings.database_url)
        try:
            async with opened(store):
                await self._run(store, self._take_loop)
        finally:
            self._loop = None

    def _take_loop(self, loop: LocalLoop) -> None:
        self._loop = loop

    def _end_with_server(self) -> None:
        server = get_current_server()
        if server is not None and not self._ends_with_server:
            server.lifecycle_manager.add_shutdown_hook(self._on_shutdown)
            self._ends_with_server = True

    async def _on_shutdown(self) -> None:
        await asyncio.to_thread(self.stop)
        # jvspatial leaves its database open, and the process would never end.
        if self.graph_context is not None:
            await databases.close(self.graph_context)


def _why_not(config: SchedulerConfig) -> str | None:
    if config.is_switched_off:
        return "SchedulerConfig has enabled=False"
    if is_task_process():
        return "this is the process of a task"
    if is_serverless_mode():
        return "a serverless platform ends what runs after a request"
    return None


def _context_of_server() -> GraphContext | None:
    """Return the context of the server that is being made, and give it one if it has none."""
    server = get_current_server()
    if server is None:
        return None
    context = server.get_graph_context()
    if context is None:
        context = databases.open_as_default(database_url_of_environment() or databases.DEFAULT)
        server.set_graph_context(context)
    return context


def _url_of(context: GraphContext | None) -> str:
    named = database_url_of_environment()
    if context is None:
        return absolute_url(named or databases.DEFAULT)
    url = databases.url_of(context.database)
    databases.check_same(url, named)
    return url


def _checked(config: SchedulerConfig | None) -> SchedulerConfig:
    if config is None:
        return SchedulerConfig()
    if not isinstance(config, SchedulerConfig):
        raise InvalidSettings(
            f"call SchedulerService(config=SchedulerConfig(…)), got a {type(config).__name__}"
        )
    return config
