"""The runs of this loop: what it orders of the worker, and the ends that it waits for.

The connection may break while the worker lives on. Every end still arrives, after the
next connection. When the worker's process ends, its runs are lost: no end arrives for them.
"""

import asyncio
from typing import Protocol

from jvscheduler.errors import SchedulerError
from jvscheduler.loop.worker_link.inherited_runs import InheritedRuns
from jvscheduler.outcomes import Reason
from jvscheduler.worker.messages import Ended, Start


class WorkerLost(SchedulerError):
    """The worker's process has ended, and the run with it."""


class Worker(Protocol):
    """Orders for a worker.

    An order waits for the connection. It is dropped when another worker process answers.
    """

    def start(self, order: Start) -> None: ...

    def go(self, run_id: str, after_seconds: float) -> None: ...

    def discard(self, run_id: str) -> None: ...

    def stop(self, run_id: str, reason: Reason) -> None: ...

    def acknowledge(self, run_id: str) -> None: ...


class Runs:
    def __init__(self, worker: Worker, inherited: InheritedRuns) -> None:
        self._worker = worker
        self._inherited = inherited
        self._gated: dict[str, Start] = {}
        """Runs that were started and not let go. Their children wait at the gate."""
        self._ends: dict[str, asyncio.Future[Ended]] = {}
        """Ends of the runs that were let go, until their outcomes are recorded."""
        self._run_ids: dict[str, str] = {}
        """The run that has not ended yet, of each job that has one."""
        self._worker_id: str | None = None
        self._stopped: Reason | None = None
        """The reason with which `stop_all` ended every run."""

    def start(self, order: Start) -> None:
        """Fork the run's child. A second order for the same run changes nothing."""
        if order.run_id not in self._gated:
            self._gated[order.run_id] = order
            self._worker.start(order)

    async def go(self, run_id: str, job_id: str, after_seconds: float) -> Ended:
        """Let a started run go, and return its end. Raises WorkerLost."""
        del self._gated[run_id]
        end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._ends[run_id] = end
        self._worker.go(run_id, after_seconds)
        if self._stopped is not None:
            # The run was claimed before the loop stopped and let go after it. Without this
            # order it would run on, and the loop would wait for it beyond the grace period.
            self._worker.stop(run_id, self._stopped)
        self._run_ids[job_id] = run_id
        try:
            return await end
        finally:
            del self._run_ids[job_id]

    def discard(self, run_id: str) -> None:
        """End a run that was not let go, if it was started at all."""
        if self._gated.pop(run_id, None) is not None:
            self._worker.discard(run_id)

    def stop(self, run_id: str, reason: Reason) -> None:
        self._worker.stop(run_id, reason)

    def stop_all(self, reason: Reason) -> None:
        """Stop every run: inherited ones, and those that are let go later, too."""
        self._stopped = reason
        for run_id in (*self._ends, *self._inherited.run_ids()):
            self._worker.stop(run_id, reason)

    def finish(self, run_id: str) -> None:
        """Forget a run whose outcome is recorded, and let the worker forget it."""
        self._ends.pop(run_id, None)
        self._inherited.remove(run_id)
        self._worker.acknowledge(run_id)

    def run_of(self, job_id: str) -> str | None:
        """The run of a job that has not ended: this loop's own, or an inherited one."""
        return self._run_ids.get(job_id) or self._inherited.run_of(job_id)

    def is_let_go(self, run_id: str) -> bool:
        """True from the moment at which this loop let the run go until it is finished."""
        return run_id in self._ends

    def on_worker(self, worker_id: str) -> None:
        """Note which worker process answers. The runs of another one are lost."""
        if self._worker_id not in (None, worker_id):
            self._lose_all()
        self._worker_id = worker_id

    def on_end(self, ended: Ended) -> bool:
        """True when it is the end of a run of this loop. An end may arrive more than once."""
        end = self._ends.get(ended.run_id)
        if end is None:
            return False
        if not end.done():
            end.set_result(ended)
        return True

    def _lose_all(self) -> None:
        for run_id, end in self._ends.items():
            if not end.done():
                end.set_exception(WorkerLost(f"the worker ended while {run_id} ran"))
        # A run at its gate has not begun. The new worker can run it as well.
        for order in self._gated.values():
            self._worker.start(order)
