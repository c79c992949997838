"""The history and the cluster that the endpoints of an application read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from fastapi import Request
from starlette.types import ASGIApp

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.cluster.protocols import Cluster
from jvscheduler_server.sizes import HistorySizes


@dataclass(frozen=True)
class ServerState:
    store: HistoryStore
    cluster: Cluster
    sizes: HistorySizes
    before_routes: Callable[[ASGIApp], ASGIApp] | None
    """What a request passes before each route. None: it stands before the whole application."""


def state_of(request: Request) -> ServerState:
    return cast(ServerState, request.app.state.jvscheduler)
