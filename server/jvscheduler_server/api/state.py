"""The history and the cluster that the endpoints of an application read, and its gate."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.access.access import Gate
from jvscheduler_server.cluster.protocols import Cluster
from jvscheduler_server.sizes import HistorySizes


@dataclass(frozen=True)
class ServerState:
    store: HistoryStore
    cluster: Cluster
    gate: Gate
    """Decides who may call."""
    sizes: HistorySizes


def state_of(request: Request) -> ServerState:
    return cast(ServerState, request.app.state.jvscheduler)
