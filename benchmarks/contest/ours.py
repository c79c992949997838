"""Our loop with its worker, as a pod has them, but for the watch of a cluster's tasks.

Usage: `python -m benchmarks.contest.ours URL TASKS SCHEDULE [suspended|stubbed|async|jvspatial]`.
Stubbed, the worker is none: every run ends at once, and what is left is the loop alone. With
jvspatial, the worker has imported that too.
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
from jvscheduler.loop.execution.attempts import LoopIdentity
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.worker_link.client import SocketWorker, connected
from jvscheduler.loop.worker_link.process import worker_process
from jvscheduler.loop.worker_link.runs import Runs
from jvscheduler.outcomes import Reason, Status
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from jvscheduler.worker.messages import Ended, Start

MODULE: Final = "benchmarks.contest.noop"


class Stub:
    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._orders: dict[str, Start] = {}

    def start(self, order: Start) -> None:
        self._orders[order.run_id] = order

    def go(self, run_id: str, after_seconds: float) -> None:
        now = time.time() + after_seconds
        claim = self._orders.pop(run_id).claim
        self._runs.on_ended(Ended(run_id, claim, now, now, Status.COMPLETED, result=now))

    def discard(self, run_id: str) -> None:
        del self._orders[run_id]

    def stop(self, run_id: str, reason: Reason) -> None:
        raise AssertionError(f"{run_id} ended at once and is stopped: {reason}")

    def acknowledge(self, run_id: str) -> None:
        """It has forgotten the run already."""


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
    store, runs = open_store(url), Runs()
    await store.open()
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        loop = Loop(LoopIdentity("bench"), store, Spool(Path(folder)), runs, SystemClock())
        for number in range(tasks):
            loop.put(definition(number, schedule, way))
        if way == "stubbed":
            runs.worker = Stub(runs)
            await loop.run(stop, timedelta(seconds=5))
            return
        async with worker_process(worker_environ(url)) as process:
            worker = runs.worker = SocketWorker(process.socket, runs)
            async with connected(worker, stop):
                worker.prepare((MODULE, "jvspatial") if way == "jvspatial" else (MODULE,))
                await loop.run(stop, timedelta(seconds=5))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], " ".join(sys.argv[4:])))
