"""The application: the same API for a cluster's server and for `jvscheduler dev`.

The caller passes the history and the cluster to read. The application opens both when it
starts and closes them when it ends. Work that must run as long as the API is served (the
repair) is passed as `background`.
"""

from collections.abc import Sequence

from fastapi import FastAPI

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.version import __version__
from jvscheduler_server.access.access import Gate
from jvscheduler_server.api import problems
from jvscheduler_server.api.edge import documentation
from jvscheduler_server.api.edge.requests import Places
from jvscheduler_server.api.entrance import Entrance
from jvscheduler_server.api.lifespan import Background, lifespan
from jvscheduler_server.api.routers import ROUTERS
from jvscheduler_server.api.state import ServerState
from jvscheduler_server.cluster.protocols import Cluster
from jvscheduler_server.sizes import HistorySizes


def create_app(
    store: HistoryStore, cluster: Cluster, gate: Gate, background: Sequence[Background] = ()
) -> FastAPI:
    """Build the API over this history and this cluster, for whom the gate lets in.

    It opens nothing before it is served.
    """
    app = FastAPI(
        title="jvscheduler",
        version=__version__,
        description="Scheduled tasks, their jobs and how each job ended.",
        lifespan=lifespan(store, cluster, background),
        docs_url=None,
        redoc_url=None,
    )
    app.state.jvscheduler = ServerState(store, cluster, HistorySizes(store), before_routes=None)
    problems.install(app)
    documentation.install(app)
    for entry in ROUTERS:
        app.include_router(entry.router)
    app.add_middleware(Entrance, gate=gate, places=Places())
    return app
