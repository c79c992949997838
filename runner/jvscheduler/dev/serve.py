"""Runs the scheduler and the API together, from the start to Ctrl-C."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from jvscheduler.configuration.opening import open_project
from jvscheduler.dev.api import listen, make_server
from jvscheduler.dev.log import show_log
from jvscheduler.dev.output import Output
from jvscheduler.dev.reload import Reloader
from jvscheduler.dev.settings import Settings
from jvscheduler.dev.stop import EXIT_KILLED, Stop
from jvscheduler.discovery import Discovery, discover_tasks_and_files
from jvscheduler.history.store.database import open_store
from jvscheduler.history.urls import parse_url
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.local import LocalLoop, local_loop
from jvscheduler.loop.log import Event, say
from jvscheduler.tasks import Task
from jvscheduler_server.cluster.local import LocalCluster


def serve(settings: Settings) -> int:
    """Runs until Ctrl-C and returns the exit code."""
    show_log(coloured=settings.coloured)
    started_at = time.time()  # an edit during the first import must count as a change
    project = open_project(settings.selection)
    found = discover_tasks_and_files(project.modules, settings.import_seconds)
    discovery = replace(found, tasks=project.configured(found.tasks))
    with listen(settings.host, settings.port) as address:
        return asyncio.run(_serve(settings, discovery, started_at, address))


async def _serve(
    settings: Settings, discovery: Discovery, started_at: float, address: socket.socket
) -> int:
    store = open_store(settings.database_url)
    stop = Stop()
    cluster = LocalCluster(discovery.tasks)
    try:
        await store.open()
        server = make_server(cluster, store)
        serving = asyncio.create_task(server.serve(sockets=[address]))
        # If the API fails, the scheduler ends too: `dev` must not go on without its API.
        serving.add_done_callback(lambda _: stop.requested.set())
        _greet(settings, discovery.tasks, address)
        url, environ = settings.database_url, settings.environ
        output, clock = Output(), SystemClock()
        with local_loop(
            store,
            url,
            environ,
            clock,
            show=output.show,
            on_attempt=output.on_attempt,
            values=settings.values,
        ) as loop:
            loop.replace_tasks(discovery.tasks)
            async with _reloading(settings, discovery, started_at, loop, cluster):
                await loop.run(stop.requested, stop.forced)
            output.show_rest()
            # The database may be away or locked. A second Ctrl-C ends the wait; the spool stays.
            await loop.settle(stop.forced)
        server.should_exit = True
        await serving
    finally:
        await store.close()
    return EXIT_KILLED if stop.forced.is_set() else 0


@contextlib.asynccontextmanager
async def _reloading(
    settings: Settings,
    discovery: Discovery,
    started_at: float,
    loop: LocalLoop,
    cluster: LocalCluster,
) -> AsyncIterator[None]:
    def apply(tasks: Sequence[Task]) -> None:
        loop.replace_tasks(tasks)
        cluster.replace_tasks(tasks)

    if not settings.reload:
        yield
        return
    reloader = Reloader(settings.selection, settings.import_seconds, discovery, started_at, apply)
    reloading = asyncio.create_task(reloader.run())
    reloading.add_done_callback(_report_failure)
    try:
        yield
    finally:
        reloading.cancel()
        await asyncio.wait({reloading})


def _report_failure(reloading: asyncio.Task[None]) -> None:
    if not reloading.cancelled() and (error := reloading.exception()) is not None:
        say(f"no more reloads, start dev again to see changes: {error!r}", Event.PROBLEM)


def _greet(settings: Settings, tasks: Sequence[Task], address: socket.socket) -> None:
    for task in tasks:
        note = "" if task.enabled else "  (suspended)"
        resolved = f" ({task.schedule.resolved})" if task.schedule.resolved else ""
        say(f"{task.task_id}: {task.schedule}{resolved} {task.schedule.time_zone}{note}")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = address.getsockname()[1]
    say(f"history in {parse_url(settings.database_url).redacted}; process {os.getpid()}")
    say(f"API on http://{host}:{port}, described at http://{host}:{port}/docs; Ctrl-C ends it")
