"""jvspatial's functions around a scheduler. Its documentation calls them, its code awaits them."""

from collections.abc import Generator

from jvscheduler_server.embedded import registration
from jvscheduler_server.embedded.service import SchedulerService


class Done:
    """What has been done already, for who awaits it."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


class DefaultScheduler:
    """The scheduler that the application named."""

    scheduler: SchedulerService | None = None


def register_scheduled_tasks(scheduler: SchedulerService) -> Done:
    """Schedule each task that was decorated so far. It may be awaited, and need not be."""
    registration.register_scheduled_tasks(scheduler)
    return Done()


def set_default_scheduler(scheduler: SchedulerService) -> None:
    DefaultScheduler.scheduler = scheduler


def get_default_scheduler() -> SchedulerService | None:
    return DefaultScheduler.scheduler
