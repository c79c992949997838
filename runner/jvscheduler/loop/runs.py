"""The runs that the worker has in hand, and what the loop awaits of each.

The worker may die, and the connection may break while the worker lives on. The
worker's identity tells the two apart: a connection to the same worker brings
every end that is owed; to another one, the runs of the last are lost.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from jvscheduler.errors import SchedulerError
from jvscheduler.worker.messages import Ended, Start


class WorkerLost(SchedulerError):
    """The worker's process has ended, and the run with it."""


class Worker(Protocol):
    """What the loop can tell a worker. While there is no connection, nothing arrives."""

    def start(self, order: Start) -> None: ...

    def go(self, run_id: str) -> None: ...

    def discard(self, run_id: str) -> None: ...

    def stop(self, run_id: str, reason: str) -> None: ...

    def acknowledge(self, run_id: str) -> None: ...


class Runs:
    """Takes the worker's reports. `adopt` is told of the end of a run that this loop has not
    started: an earlier one has."""

    def __init__(self, worker: Worker, adopt: Callable[[Ended], Coroutine[Any, Any, None]]) -> None:
        self._worker = worker
        self._adopt = adopt
        self._ends: dict[str, asyncio.Future[Ended]] = {}
        self._worker_id: str | None = None
        self._adoptions: set[asyncio.Task[None]] = set()
        self.adopted: dict[str, Mapping[str, Any]] = {}
        """Claims of an earlier loop's runs that go on."""

    def start(self, order: Start) -> None:
        self._ends[order.run_id] = asyncio.get_running_loop().create_future()
        self._worker.start(order)

    async def go(self, run_id: str) -> Ended:
        """Raises WorkerLost."""
        self._worker.go(run_id)
        return await self._ends[run_id]

    def discard(self, run_id: str) -> None:
        self._ends.pop(run_id, None)
        self._worker.discard(run_id)

    def stop(self, run_id: str, reason: str) -> None:
        self._worker.stop(run_id, reason)

    def stop_all(self, reason: str) -> None:
        for run_id in (*self._ends, *self.adopted):
            self._worker.stop(run_id, reason)

    def done(self, run_id: str) -> None:
        """Its outcome is safe."""
        self._ends.pop(run_id, None)
        self.adopted.pop(run_id, None)
        self._worker.acknowledge(run_id)

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        if self._worker_id not in (None, worker_id):
            self._lose_all()
        self._worker_id = worker_id
        self.adopted.update({k: v for k, v in running.items() if k not in self._ends})

    def on_ended(self, ended: Ended) -> None:
        end = self._ends.get(ended.run_id)
        if end is None:
            adoption = asyncio.create_task(self._adopt(ended))
            self._adoptions.add(adoption)
            adoption.add_done_callback(self._adoptions.discard)
        elif not end.done():
            end.set_result(ended)

    def adopted_jobs(self) -> Sequence[str]:
        return [claim["job_id"] for claim in self.adopted.values()]

    def _lose_all(self) -> None:
        self.adopted.clear()
        for run_id, end in self._ends.items():
            if not end.done():
                end.set_exception(WorkerLost(f"the worker ended while {run_id} ran"))
