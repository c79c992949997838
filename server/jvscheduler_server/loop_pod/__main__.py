"""`python -m jvscheduler_server.loop_pod`: the loop of a pod, until SIGTERM.

It schedules as soon as it has listed its tasks once and the worker is connected; the history
may be away. If it is still away at the end, the loop waits for it as long as its pod may live,
because the spool is deleted with the pod. The file `ready` beside the worker's socket shows the
pod's probe that the loop schedules.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Final

from jvscheduler.errors import SchedulerError
from jvscheduler.history.store.database import open_store
from jvscheduler.logs.setup import log_end, log_lines
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.execution.services import LoopIdentity
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.worker_link.client import SocketWorker, connected
from jvscheduler_server.kubernetes.connection import connect
from jvscheduler_server.loop_pod.assigned_tasks import AssignedTasks
from jvscheduler_server.loop_pod.settings import Settings, read_log, read_settings

RESERVE: Final = timedelta(seconds=10)
"""Part of the grace period: for ending the attempts that still run, and for their records."""

LAST: Final = timedelta(seconds=2)
"""Part of the grace period: for the end of the process itself."""


def main() -> int:
    try:
        log_lines(read_log())
        asyncio.run(_serve(read_settings()))
    except SchedulerError as error:
        log_end(error)
        return os.EX_CONFIG
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = open_store(settings.database_url)
    api = await connect(settings.kubeconfig)
    worker = SocketWorker(settings.socket)
    identity = LoopIdentity(settings.name, settings.node_name)
    loop = Loop(identity, store, Spool(settings.spool), worker, SystemClock())
    tasks = AssignedTasks(api, settings.namespace, settings.name, loop, worker)
    enough = asyncio.Event()
    waiting = asyncio.create_task(_when_over(stop, settings.grace - LAST, enough))
    ready = settings.socket.with_name("ready")
    # A container that was killed leaves its file, and the probe would believe it.
    ready.unlink(missing_ok=True)
    try:
        await loop.open()
        async with connected(worker, loop.worker_listener, stop), tasks.watched(stop):
            ready.touch()
            await loop.run(stop, max(settings.grace - RESERVE, timedelta(0)))
            await loop.settle(enough, "they go with the pod when its grace period is over")
    finally:
        waiting.cancel()
        ready.unlink(missing_ok=True)
        await store.close()
        await api.close()


async def _when_over(stop: asyncio.Event, grace: timedelta, over: asyncio.Event) -> None:
    await stop.wait()
    await asyncio.sleep(grace.total_seconds())
    over.set()


if __name__ == "__main__":
    sys.exit(main())
