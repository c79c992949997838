"""Our loop with its worker, like those of a loop's pod, but without the watch of the cluster.

Usage: `python -m benchmarks.contest.ours URL TASKS SCHEDULE [suspended|stubbed|async|jvspatial]`.
`stubbed` replaces the worker by a stub that ends every run at once, so that only the loop is
measured. `jvspatial` makes the worker import jvspatial too.
"""

import asyncio
import signal
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.contest.inherited import worker_environ
from benchmarks.contest.records import NAMESPACE, task_id
from jvscheduler.due_instants.definition import Definition
from jvscheduler.history.store.database import open_store
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.execution.services import LoopIdentity
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.worker_link.attempts import WorkerOrders
from jvscheduler.loop.worker_link.client import Listener, SocketWorker, connected
from jvscheduler.loop.worker_link.process import worker_process
from jvscheduler.outcomes import Reason, Status
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from jvscheduler.worker.messages import Ended, Start

MODULE: Final = "benchmarks.contest.noop"


class Stub:
    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._orders: dict[str, Start] = {}

    def connect(self, listener: Listener) -> None:
        self._listener = listener

    def start(self, order: Start) -> None:
        self._orders[order.run_id] = order

    def go(self, run_id: str, after_seconds: float) -> None:
        now = time.time() + after_seconds
        claim = self._orders.pop(run_id).claim
        assert self._listener is not None
        self._listener.on_ended(Ended(run_id, claim, now, now, Status.COMPLETED, result=now))

    def discard(self, run_id: str) -> None:
        del self._orders[run_id]

    def stop(self, run_id: str, reason: Reason) -> None:
        raise AssertionError(f"{run_id} ended at once and is stopped: {reason}")

    def acknowledge(self, run_id: str) -> None:
        """Nothing to do: the stub has forgotten the run already."""


def definition(number: int, schedule: str, way: str = "") -> Definition:
    task = Task(
        task_id=task_id(number),
        entrypoint=f"{MODULE}:{'awaited' if way == 'async' else 'noop'}",
        schedule=parse_schedule(schedule, seed=task_id(number)),
        enabled=way != "suspended",
    )
    return Definition(f"task-{number}", NAMESPACE, task)


async def main(url: str, tasks: int, schedule: str, way: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    store = open_store(url)
    await store.open()

    def loop_on(worker: WorkerOrders, folder: str) -> Loop:
        loop = Loop(LoopIdentity("bench"), store, Spool(Path(folder)), worker, SystemClock())
        for number in range(tasks):
            loop.put(definition(number, schedule, way))
        return loop

    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        if way == "stubbed":
            stub = Stub()
            loop = loop_on(stub, folder)
            stub.connect(loop.worker_listener)
            await loop.run(stop, timedelta(seconds=5))
            return
        async with worker_process(worker_environ(url)) as process:
            worker = SocketWorker(process.socket)
            loop = loop_on(worker, folder)
            async with connected(worker, loop.worker_listener, stop):
                worker.prepare((MODULE, "jvspatial") if way == "jvspatial" else (MODULE,))
                await loop.run(stop, timedelta(seconds=5))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], " ".join(sys.argv[4:])))
