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
from jvscheduler_server.api.callers import CallersOnly
from jvscheduler_server.api.edge import documentation
from jvscheduler_server.api.edge.headers import SecurityHeaders
from jvscheduler_server.api.edge.requests import RequestLimit
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
    app.state.jvscheduler = ServerState(store, cluster, gate, HistorySizes(store))
    problems.install(app)
    documentation.install(app)
    app.add_middleware(CallersOnly, gate=gate)
    for entry in ROUTERS:
        app.include_router(entry.router)
    # The last one that is added is the first that a request passes.
    app.add_middleware(RequestLimit, refuse=problems.too_many)
    app.add_middleware(SecurityHeaders)
    return app
