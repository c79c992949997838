"""jvspatial's `Server` with a scheduler: its options do what jvspatial's documentation says."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from jvspatial.api.config import ServerConfig
from jvspatial.api.server import Server as JvspatialServer
from jvspatial.core.context import GraphContext

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.access.function import Authorize, FunctionGate
from jvscheduler_server.api.edge.requests import Places
from jvscheduler_server.api.entrance import Entrance
from jvscheduler_server.api.lifespan import lifespan
from jvscheduler_server.api.problems import document_media_type
from jvscheduler_server.api.routers import ROUTERS
from jvscheduler_server.api.state import ServerState
from jvscheduler_server.embedded import databases
from jvscheduler_server.embedded.database_options import check_options
from jvscheduler_server.embedded.registration import unregistered
from jvscheduler_server.embedded.service import SchedulerService
from jvscheduler_server.embedded.settings import (
    Settings,
    database_url_of_environment,
    is_task_process,
    make_settings,
)
from jvscheduler_server.sizes import HistorySizes

_log = logging.getLogger(__name__)

_ZONE: Final = "scheduler_timezone"


class Server(JvspatialServer):
    """With `scheduler_enabled=True` it runs the tasks that `register_scheduled_tasks` finds.

    `scheduler_interval`: seconds (1 to 60) after which the clock is read at the latest. A
    machine that slept, or whose clock was set, notices by it what is due. It delays no task:
    a task starts when it is due.

    `scheduler_timezone`: the time zone of tasks that name none.

    `scheduler_authorize`: called with each request for the scheduler's paths and what it wants to
    do. True lets it. Without it everybody who reaches these paths may read, and nobody may act.
    """

    def __init__(
        self,
        config: ServerConfig | dict[str, Any] | None = None,
        *args: Any,
        scheduler_timezone: str | None = None,
        scheduler_authorize: Authorize | None = None,
        **options: Any,
    ) -> None:
        self._gate = (
            OpenGate() if scheduler_authorize is None else FunctionGate(scheduler_authorize)
        )
        self.scheduler_service: SchedulerService | None = None
        super().__init__(config, *args, **options)
        if self.config.scheduler_enabled:
            given = config if isinstance(config, dict) else dict(config or ())
            zone = given.get(_ZONE, "UTC") if scheduler_timezone is None else scheduler_timezone
            interval = self.config.scheduler_interval
            check_options({**given, **options}, self.config.database)
            url = self._database_url()
            self.scheduler_service = self._new_service(make_settings(interval, zone, url))

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        reload: bool | None = None,
        app_path: str | None = None,
        **options: Any,
    ) -> None:
        if is_task_process():
            # Without this, the task would wait for the second server's end, or fail because the
            # port is in use.
            raise InvalidSettings(
                "server.run() was called when a task's process imported this module: put it "
                "under `if __name__ == '__main__':`"
            )
        # With debug on, jvspatial reloads; without an app_path uvicorn then exits at once.
        if reload is None and app_path is None:
            reload = False
        super().run(host, port, reload, app_path, **options)

    def _new_service(self, settings: Settings) -> SchedulerService:
        return SchedulerService(settings)

    def configure_database(self, db_type: str, **db_config: Any) -> None:
        self._keep_database()
        super().configure_database(db_type, **db_config)

    def set_graph_context(self, context: GraphContext) -> None:
        self._keep_database()
        super().set_graph_context(context)

    def _keep_database(self) -> None:
        if self.scheduler_service is not None:
            raise InvalidSettings(
                "the scheduler has its history in the server's database already: "
                "give the database to Server(…) as db_type and its options"
            )

    def _database_url(self) -> str:
        named = database_url_of_environment()
        if self._graph_context is None:
            self._graph_context = databases.open_as_default(named or databases.DEFAULT)
        url = databases.url_of(self._graph_context.database)
        databases.check_same(url, named)
        return url

    def _create_app_instance(self) -> FastAPI:
        app = super()._create_app_instance()
        service = self.scheduler_service
        if service is not None and not isinstance(service, SchedulerService):
            raise InvalidSettings(
                f"server.scheduler_service is a {type(service).__module__}."
                f"{type(service).__qualname__}: "
                "import jvscheduler.compat.jvspatial before jvspatial's scheduler"
            )
        if service is not None:
            app.include_router(self._scheduler_routes())
            # jvspatial has built the description already, without these routes.
            app.openapi_schema = None
            document_media_type(app)
            self._add_lifespan(app, service)
        return app

    def _scheduler_routes(self) -> APIRouter:
        """Return our routes without those whose path an endpoint of the user's has."""
        router = APIRouter()
        ours = [route for entry in ROUTERS if entry.embedded for route in entry.router.routes]
        for route in ours:
            assert isinstance(route, APIRoute)  # noqa: S101 - the routers hold nothing else
            if not self.has_endpoint(route.path.removeprefix("/api")):
                router.routes.append(route)
        return router

    def _add_lifespan(self, app: FastAPI, service: SchedulerService) -> None:
        jvspatials, context = app.router.lifespan_context, self._graph_context
        before = partial(Entrance, gate=self._gate, places=Places())

        @asynccontextmanager
        async def serving(app: FastAPI) -> AsyncIterator[Any]:
            app.state.jvscheduler = ServerState(
                service.store, service.cluster, HistorySizes(service.store), before
            )
            ours = lifespan(service.store, service.cluster, [service.run])
            try:
                async with jvspatials(app) as state:
                    # The application's own startup may have registered tasks.
                    if problem := unregistered(service):
                        _log.error("%s", problem)
                    async with ours(app):
                        yield state
            finally:
                # jvspatial leaves its database open, and the process would never end.
                await databases.close(context)

        app.router.lifespan_context = serving
