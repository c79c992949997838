"""jvspatial's server and its functions around a scheduler.

An application may also start and stop the server's scheduler itself.
"""

from collections.abc import Generator

from jvscheduler_server.embedded import registration, server, service
from jvscheduler_server.embedded.compat.config import SchedulerConfig
from jvscheduler_server.embedded.compat.service import SchedulerService
from jvscheduler_server.embedded.settings import Settings


class Server(server.Server):
    def _new_service(self, settings: Settings) -> SchedulerService:
        config = SchedulerConfig(
            enabled=True, interval=settings.interval, timezone=settings.time_zone
        )
        return SchedulerService(config, self.get_graph_context())


class Done:
    """Work that is done already. jvspatial's documentation only calls it, its code awaits it."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


class DefaultScheduler:
    """The scheduler that the application named."""

    scheduler: service.SchedulerService | None = None


def register_scheduled_tasks(scheduler: service.SchedulerService) -> Done:
    """Schedule each task that was decorated so far. It may be awaited, and need not be."""
    registration.register_scheduled_tasks(scheduler)
    return Done()


def set_default_scheduler(scheduler: service.SchedulerService) -> None:
    DefaultScheduler.scheduler = scheduler


def get_default_scheduler() -> service.SchedulerService | None:
    return DefaultScheduler.scheduler
