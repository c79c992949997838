"""`python -m jvscheduler_server`: the server of a cluster.

On SIGTERM and Ctrl-C uvicorn finishes the requests that run, and the lifespan closes the watch
and the history. Then uvicorn raises the signal again, and the handler here exits with code 0.
Requests are not logged, because the probes would hide everything else.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

import uvicorn

from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.database import open_store
from jvscheduler.history.urls import parse_url
from jvscheduler.logs.setup import log_end, log_lines
from jvscheduler_server.access.gates import make_gate, make_reviews
from jvscheduler_server.access.settings import Mode
from jvscheduler_server.aggregation.listener import Listener
from jvscheduler_server.api.app import create_app
from jvscheduler_server.api.edge.connections import server_config
from jvscheduler_server.api.lifespan import Background
from jvscheduler_server.kubernetes.cluster import WatchedKubernetesCluster
from jvscheduler_server.kubernetes.connection import connect
from jvscheduler_server.repair.sweeper import Sweeper
from jvscheduler_server.sessions import guard_of
from jvscheduler_server.settings import Settings, read_log, read_settings
from jvscheduler_server.sizes import watch_sizes
from jvscheduler_server.task_status.apply import TaskStatusWriter

SHUTDOWN_SECONDS: Final = 20
"""How long requests may take to finish when the server ends."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    try:
        log_lines(read_log(arguments))
        settings = read_settings(arguments)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _exit)
        asyncio.run(_serve(settings))
    except SchedulerError as error:
        log_end(error)
        return os.EX_CONFIG
    return 0


def _exit(*_: object) -> None:
    raise SystemExit(0)


def _warn_of_shared_history(url: str) -> None:
    if not parse_url(url).holds_namespaces:
        _log.warning(
            "database.isolation: none. All namespaces have the same address of the history, and a "
            "task of any of them can read, change and delete the records of all. See "
            "docs/operations/isolation.md"
        )


async def _serve(settings: Settings) -> None:
    _warn_of_shared_history(settings.database_url)
    store = open_store(settings.database_url)
    api = await connect(settings.kubeconfig)
    cluster = WatchedKubernetesCluster(api, settings.namespaces)
    status_writer = TaskStatusWriter(store, cluster, api)
    if settings.access.mode is Mode.NONE:
        _log.warning("there is no login: everybody who reaches the port reads every namespace")
    reviews = make_reviews(api)
    background: list[Background] = [
        Sweeper(store, cluster).run,
        status_writer.run,
        partial(watch_sizes, store),
    ]
    if settings.aggregation is not None:
        listener = Listener(api, reviews, settings.aggregation)
        background.append(lambda: listener.run(app))
    guard = guard_of(settings.database_url)
    if guard is not None:
        background.append(guard)
    app = create_app(store, cluster, make_gate(settings.access, reviews), background)
    config = server_config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        await api.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
