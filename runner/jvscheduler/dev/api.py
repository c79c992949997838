"""The API beside the scheduler, in the same process and event loop."""

import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn

from jvscheduler.errors import InvalidSettings
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.tasks import Task
from jvscheduler_server.api.app import create_app
from jvscheduler_server.cluster.local import LocalCluster


class ApiServer(uvicorn.Server):
    """Signals are the scheduler's to answer: it ends its jobs first, and then this."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class EditedCluster(LocalCluster):
    """Its tasks are replaced when their code is edited."""

    def replace_tasks(self, tasks: Sequence[Task]) -> None:
        self._tasks = tuple(tasks)


def make_server(cluster: EditedCluster, store: HistoryStore) -> ApiServer:
    app = create_app(store, cluster)
    return ApiServer(uvicorn.Config(app, log_level="warning", access_log=False))


def listen(host: str, port: int) -> socket.socket:
    """Raises InvalidSettings before anything runs, when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InvalidSettings(
            f"the API cannot listen on {host}:{port} ({error}); choose another --host or --port"
        ) from error
