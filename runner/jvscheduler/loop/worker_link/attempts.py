"""The attempts of this loop: its orders to the worker, and the ends that it waits for.

The connection may break while the worker lives on. Every end still arrives, after the
next connection. When the worker's process ends, its attempts are lost: no end arrives for them.

In messages an attempt's id is called `run_id`.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from jvscheduler.errors import SchedulerError
from jvscheduler.loop.worker_link.claim_memory import ClaimMemory
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts
from jvscheduler.outcomes import Reason
from jvscheduler.worker.messages import Ended, Start


class WorkerLost(SchedulerError):
    """The worker's process has ended, and the attempt with it."""


class WorkerOrders(Protocol):
    """Orders for a worker.

    An order waits for the connection. It is dropped when another worker process answers.
    """

    def start(self, order: Start) -> None: ...

    def go(self, attempt_id: str, after_seconds: float) -> None: ...

    def discard(self, attempt_id: str) -> None: ...

    def stop(self, attempt_id: str, reason: Reason) -> None: ...

    def acknowledge(self, attempt_id: str) -> None: ...


class LoopAttempts:
    def __init__(
        self, worker: WorkerOrders, inherited: InheritedAttempts, memory: ClaimMemory
    ) -> None:
        self._worker = worker
        self._memory = memory
        self._inherited = inherited
        self._gated: dict[str, Start] = {}
        """Attempts that were started and not let go. Their children wait at the gate."""
        self._ends: dict[str, asyncio.Future[Ended]] = {}
        """Ends of the attempts that were let go, until their outcomes are recorded."""
        self._attempt_ids: dict[str, str] = {}
        """The attempt that has not ended yet, of each job that has one."""
        self._worker_id: str | None = None
        self._stopped: Reason | None = None
        """The reason with which `stop_all` ended every attempt."""

    def start(self, order: Start) -> None:
        """Fork the attempt's child. A second order for the same attempt changes nothing."""
        if order.run_id not in self._gated:
            self._gated[order.run_id] = order
            self._worker.start(order)

    async def go(self, attempt_id: str, job_id: str, after_seconds: float) -> Ended:
        """Let a started attempt go, and return its end. Raises WorkerLost."""
        order = self._gated.pop(attempt_id)
        # If the loop is killed after this line, the next one knows the attempt, or forgets it
        # because the worker does not name it. The other way round nobody would record its end.
        self._memory.add(attempt_id, order.claim)
        end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        self._ends[attempt_id] = end
        self._worker.go(attempt_id, after_seconds)
        if self._stopped is not None:
            # The attempt was claimed before the loop stopped and let go after it. Without this
            # order it would go on, and the loop would wait for it beyond the grace period.
            self._worker.stop(attempt_id, self._stopped)
        self._attempt_ids[job_id] = attempt_id
        try:
            return await end
        finally:
            del self._attempt_ids[job_id]

    def discard(self, attempt_id: str) -> None:
        """End an attempt that was not let go, if it was started at all."""
        if self._gated.pop(attempt_id, None) is not None:
            self._worker.discard(attempt_id)

    def stop(self, attempt_id: str, reason: Reason) -> None:
        self._worker.stop(attempt_id, reason)

    def stop_all(self, reason: Reason) -> None:
        """Stop every attempt: inherited ones, and those that are let go later, too."""
        self._stopped = reason
        for attempt_id in (*self._ends, *self._inherited.attempt_ids()):
            self._worker.stop(attempt_id, reason)

    def finish(self, attempt_id: str) -> None:
        """Forget an attempt whose outcome is recorded, and let the worker forget it."""
        self._ends.pop(attempt_id, None)
        self._inherited.remove(attempt_id)
        self._memory.remove(attempt_id)
        self._worker.acknowledge(attempt_id)

    def let_go_ids(self) -> Sequence[str]:
        return list(self._ends)

    def attempt_of(self, job_id: str) -> str | None:
        """The attempt of a job that has not ended: this loop's own, or an inherited one."""
        return self._attempt_ids.get(job_id) or self._inherited.attempt_of(job_id)

    def is_let_go(self, attempt_id: str) -> bool:
        """True from the moment at which this loop let the attempt go until it is finished."""
        return attempt_id in self._ends

    def on_worker(self, worker_id: str) -> None:
        """Note which worker process answers. The attempts of another one are lost."""
        if self._worker_id not in (None, worker_id):
            self._lose_all()
        self._worker_id = worker_id

    def on_end(self, ended: Ended) -> bool:
        """True when it is the end of an attempt of this loop. An end may arrive more than once."""
        end = self._ends.get(ended.run_id)
        if end is None:
            return False
        if not end.done():
            end.set_result(ended)
        return True

    def _lose_all(self) -> None:
        for attempt_id, end in self._ends.items():
            if not end.done():
                end.set_exception(WorkerLost(f"the worker ended while {attempt_id} ran"))
        # An attempt at its gate has not begun. The new worker can make it as well.
        for order in self._gated.values():
            self._worker.start(order)
