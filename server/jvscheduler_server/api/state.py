"""The history and the cluster that the endpoints of an application read."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.cluster.protocols import Cluster


@dataclass(frozen=True)
class ServerState:
    store: HistoryStore
    cluster: Cluster


def state_of(request: Request) -> ServerState:
    return cast(ServerState, request.app.state.jvscheduler)
