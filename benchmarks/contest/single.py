"""One job at a time: the seconds from its due instant until its record is in the database."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.contest.inherited import worker_environ
from benchmarks.contest.ours import MODULE, definition
from benchmarks.report import side_by_side
from benchmarks.runner import SHOP
from jvscheduler.history.store.database import open_store
from jvscheduler.loop.clock import SystemClock
from jvscheduler.loop.execution.services import LoopIdentity
from jvscheduler.loop.loop import Loop
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.worker_link.client import SocketWorker, connected
from jvscheduler.loop.worker_link.process import worker_process
from jvscheduler.outcomes import Outcome, Status

RUNS: Final = 30
MODULES: Final = ("jvspatial", "shop.tasks")
"""Modules that the baseline imports too."""


def due_to_recorded(url: str, baseline: Callable[[], object]) -> tuple[float, float]:
    """The median seconds of both, which take turns."""
    ours, imports = [], []
    for _ in range(3):
        ours += asyncio.run(_recorded(url))[1:]
        imports.append(side_by_side(lambda: None, baseline, 5)[1])
    return statistics.median(ours), statistics.median(imports)


async def _recorded(url: str) -> list[float]:
    stop, seconds, store = asyncio.Event(), list[float](), open_store(url)
    record_all = store.record_all

    async def timed(outcomes: Sequence[Outcome]) -> None:
        await record_all(outcomes)
        now = time.time()
        completed = (o for o in outcomes if o.status is Status.COMPLETED)
        seconds.extend(now - o.scheduled_time.timestamp() for o in completed if o.scheduled_time)
        if len(seconds) > RUNS:
            stop.set()

    store.record_all = timed  # type: ignore[method-assign]
    await store.open()
    with tempfile.TemporaryDirectory(prefix="jvscheduler-") as folder:
        environ = {**worker_environ(url), "PYTHONPATH": str(SHOP)}
        async with worker_process(environ) as process:
            worker, spool = SocketWorker(process.socket), Spool(Path(folder))
            loop = Loop(LoopIdentity("bench"), store, spool, worker, SystemClock())
            loop.put(definition(0, "every second"))
            async with connected(worker, loop.worker_listener, stop):
                worker.prepare((MODULE, *MODULES))
                await loop.run(stop, timedelta(seconds=5))
    await store.close()
    return seconds
