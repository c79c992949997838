"""Puts scheduler and API together, from the start to Ctrl-C."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final

from jvscheduler.dev.api import listen, make_server
from jvscheduler.dev.settings import Settings
from jvscheduler.discovery import discover
from jvscheduler.history.urls import open_store, parse_url
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.launcher import ProcessLauncher
from jvscheduler.loop.log import say
from jvscheduler.loop.scheduler import Scheduler
from jvscheduler.tasks import Task

_KILLED: Final = 130
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def serve(settings: Settings) -> int:
    """The exit code."""
    tasks = discover(settings.modules, settings.import_seconds)
    with listen(settings.host, settings.port) as address:
        return asyncio.run(_serve(settings, tasks, address))


async def _serve(settings: Settings, tasks: Sequence[Task], address: socket.socket) -> int:
    store = open_store(settings.database_url)
    launcher = ProcessLauncher(settings.database_url, settings.environ)
    stop = _Stop(launcher)
    try:
        await store.open()
        server = make_server(tasks, store)
        serving = asyncio.create_task(server.serve(sockets=[address]))
        serving.add_done_callback(lambda _: stop.event.set())
        _greet(settings, tasks, address)
        await Scheduler(tasks, store, launcher, SystemClock()).run(stop.event)
        server.should_exit = True
        await serving
    finally:
        await store.close()
    return _KILLED if stop.impatient else 0


class _Stop:
    """The first signal ends everything in good order, the second at once."""

    def __init__(self, launcher: ProcessLauncher) -> None:
        self.event = asyncio.Event()
        self.impatient = False
        self._launcher = launcher
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._asked)

    def _asked(self) -> None:
        if self.event.is_set():
            self.impatient = True
            self._launcher.signal(signal.SIGKILL)
            return
        say("ending: running tasks are told to terminate (again to kill them)")
        self.event.set()


def _greet(settings: Settings, tasks: Sequence[Task], address: socket.socket) -> None:
    for task in tasks:
        note = "" if task.enabled else "  (suspended)"
        say(f"{task.task_id}: {task.schedule} {task.schedule.time_zone}{note}")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = address.getsockname()[1]
    say(f"history in {parse_url(settings.database_url).redacted}; process {os.getpid()}")
    say(f"API on http://{host}:{port}, described at http://{host}:{port}/docs; Ctrl-C ends it")
    sys.stderr.flush()
