"""jvspatial's scheduler under its own names, for users of `jvscheduler.compat.jvspatial`."""

from jvscheduler_server.embedded.compat.config import SchedulerConfig
from jvscheduler_server.embedded.compat.server import (
    Server,
    get_default_scheduler,
    register_scheduled_tasks,
    set_default_scheduler,
)
from jvscheduler_server.embedded.compat.service import SchedulerService

__all__ = [
    "SchedulerConfig",
    "SchedulerService",
    "Server",
    "get_default_scheduler",
    "register_scheduled_tasks",
    "set_default_scheduler",
]
