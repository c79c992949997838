"""Puts scheduler and API together, from the start to Ctrl-C."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence

from jvscheduler.dev.api import listen, make_server
from jvscheduler.dev.settings import Settings
from jvscheduler.dev.stop import KILLED, Stop
from jvscheduler.discovery import discover
from jvscheduler.history.urls import open_store, parse_url
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.launcher import ProcessLauncher
from jvscheduler.loop.log import say
from jvscheduler.loop.scheduler import Scheduler
from jvscheduler.tasks import Task


def serve(settings: Settings) -> int:
    """The exit code."""
    tasks = discover(settings.modules, settings.import_seconds)
    with listen(settings.host, settings.port) as address:
        return asyncio.run(_serve(settings, tasks, address))


async def _serve(settings: Settings, tasks: Sequence[Task], address: socket.socket) -> int:
    store = open_store(settings.database_url)
    launcher = ProcessLauncher(settings.database_url, settings.environ)
    stop = Stop(launcher)
    try:
        await store.open()
        server = make_server(tasks, store)
        serving = asyncio.create_task(server.serve(sockets=[address]))
        serving.add_done_callback(lambda _: stop.asked.set())
        _greet(settings, tasks, address)
        scheduler = Scheduler(tasks, store, launcher, SystemClock())
        await scheduler.run(stop.asked)
        await scheduler.settle(stop.impatient)
        server.should_exit = True
        await serving
    finally:
        await store.close()
    return KILLED if stop.impatient.is_set() else 0


def _greet(settings: Settings, tasks: Sequence[Task], address: socket.socket) -> None:
    for task in tasks:
        note = "" if task.enabled else "  (suspended)"
        say(f"{task.task_id}: {task.schedule} {task.schedule.time_zone}{note}")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = address.getsockname()[1]
    say(f"history in {parse_url(settings.database_url).redacted}; process {os.getpid()}")
    say(f"API on http://{host}:{port}, described at http://{host}:{port}/docs; Ctrl-C ends it")
    sys.stderr.flush()
