"""The runs that the worker has in hand, and what the loop awaits of each.

A connection may break while the worker lives on; every end comes all the same. With
the worker itself its runs are lost, and no end comes for them.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from jvscheduler.errors import SchedulerError
from jvscheduler.loop.log import say
from jvscheduler.outcomes import Reason
from jvscheduler.worker.messages import Ended, Prepared, Start


class WorkerLost(SchedulerError):
    """The worker's process has ended, and the run with it."""


class Worker(Protocol):
    """What the loop can tell a worker; it arrives when there is a connection, if there was no
    other worker meanwhile."""

    def start(self, order: Start) -> None: ...

    def go(self, run_id: str, after_seconds: float) -> None: ...

    def discard(self, run_id: str) -> None: ...

    def stop(self, run_id: str, reason: Reason) -> None: ...

    def acknowledge(self, run_id: str) -> None: ...


class Runs:
    """Takes the worker's reports."""

    worker: Worker
    """Set before anything is started."""
    adopt: Callable[[Ended], Coroutine[Any, Any, None]]
    """The loop's own, for the end of a run that an earlier loop has started."""

    def __init__(self) -> None:
        self._waiting: dict[str, Start] = {}
        """Runs that are not let go yet."""
        self._ends: dict[str, asyncio.Future[Ended]] = {}
        self._worker_id: str | None = None
        self._stopped: Reason | None = None
        """Why every run is told to end."""
        self._adoptions: set[asyncio.Task[None]] = set()
        self.adopted: dict[str, Mapping[str, Any]] = {}
        """Claims of an earlier loop's runs that go on."""

    def start(self, order: Start) -> None:
        """Once, however often it is said."""
        if order.run_id not in self._waiting:
            self._waiting[order.run_id] = order
            self.worker.start(order)

    async def go(self, run_id: str, after_seconds: float) -> Ended:
        """Raises WorkerLost."""
        del self._waiting[run_id]
        end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._ends[run_id] = end
        self.worker.go(run_id, after_seconds)
        if self._stopped is not None:
            self.worker.stop(run_id, self._stopped)
        return await end

    def discard(self, run_id: str) -> None:
        """Also one that was not started."""
        if self._waiting.pop(run_id, None) is not None:
            self.worker.discard(run_id)

    def stop(self, run_id: str, reason: Reason) -> None:
        self.worker.stop(run_id, reason)

    def stop_all(self, reason: Reason) -> None:
        """Also those that are let go from now on: they have been claimed."""
        self._stopped = reason
        for run_id in (*self._ends, *self.adopted):
            self.worker.stop(run_id, reason)

    def done(self, run_id: str) -> None:
        """Its outcome is safe."""
        self._ends.pop(run_id, None)
        self.adopted.pop(run_id, None)
        self.worker.acknowledge(run_id)

    def adopted_jobs(self) -> Mapping[str, tuple[str, str]]:
        """Namespace and id of each one's task."""
        claims = self.adopted.values()
        return {claim["job_id"]: (claim["namespace"], claim["task_id"]) for claim in claims}

    def adopted_run(self, job_id: str) -> str | None:
        runs = (run_id for run_id, claim in self.adopted.items() if claim["job_id"] == job_id)
        return next(runs, None)

    def on_hello(self, worker_id: str, running: Mapping[str, Mapping[str, Any]]) -> None:
        if self._worker_id not in (None, worker_id):
            self._lose()
        self._worker_id = worker_id
        self.adopted = {k: v for k, v in running.items() if k not in self._ends}

    def on_prepared(self, prepared: Prepared) -> None:
        for module, problem in prepared.failed.items():
            say(f"{module} is imported by each run anew, which takes longer: {problem}")

    def on_lost(self) -> None:
        """Whether the runs are, the next hello tells."""

    def on_ended(self, ended: Ended) -> None:
        end = self._ends.get(ended.run_id)
        if end is None:
            adoption = asyncio.create_task(self.adopt(ended))
            self._adoptions.add(adoption)
            adoption.add_done_callback(self._adoptions.discard)
        elif not end.done():
            end.set_result(ended)

    def _lose(self) -> None:
        """What was let go ended with the last worker; what waits at its gate begins anew."""
        for run_id, end in self._ends.items():
            if not end.done():
                end.set_exception(WorkerLost(f"the worker ended while {run_id} ran"))
        for order in self._waiting.values():
            self.worker.start(order)
