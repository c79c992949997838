"""The server's API, in the process and the event loop of the scheduler."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.access.loopback import LoopbackGate, is_loopback
from jvscheduler_server.api.app import create_app
from jvscheduler_server.api.edge.connections import server_config
from jvscheduler_server.cluster.local import LocalCluster


class ApiServer(uvicorn.Server):
    """uvicorn without its signal handlers.

    With them, Ctrl-C would end the API at once. The scheduler ends its jobs first
    and the API after that.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(cluster: LocalCluster, store: HistoryStore) -> ApiServer:
    app = create_app(store, cluster, LoopbackGate())
    return ApiServer(server_config(app, log_level="warning"))


def listen(host: str, port: int) -> socket.socket:
    """Listen before anything runs. Raises InvalidSettings when the address cannot be used.

    The API has no login here, so that only this machine may reach it.
    """
    if not is_loopback(host):
        raise InvalidSettings(
            f"--host {host}: the API of dev has no login, so it listens on the loopback only; "
            "take 127.0.0.1 or ::1. From another machine use ssh -L 8080:127.0.0.1:8080"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InvalidSettings(
            f"the API cannot listen on {host}:{port} ({error}); choose another --host or --port"
        ) from error
