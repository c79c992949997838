"""The server whose scheduler an application may also start and stop itself, as jvspatial's."""

from jvscheduler_server.embedded import server
from jvscheduler_server.embedded.compat.config import SchedulerConfig
from jvscheduler_server.embedded.compat.service import SchedulerService
from jvscheduler_server.embedded.settings import Settings


class Server(server.Server):
    def _new_service(self, settings: Settings) -> SchedulerService:
        config = SchedulerConfig(
            enabled=True, interval=settings.interval, timezone=settings.time_zone
        )
        return SchedulerService(config, self.get_graph_context())
