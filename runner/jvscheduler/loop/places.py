"""How many jobs of a task may run at once: slots of the history's, and a count of this loop's own.

While the history is away the count decides alone. It counts afterwards too: what was
granted meanwhile the history learns with the next heartbeat only, and what it froze
over has expired there, though it runs. Runs of an earlier loop that go on count as well.
"""

from collections.abc import Sequence

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.slots import SlotRequest, Slots
from jvscheduler.loop.batching import Batcher
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.ledger import Ledger
from jvscheduler.loop.runs import Runs


class Places:
    def __init__(self, slots: Slots, ledger: Ledger, clock: Clock, runs: Runs) -> None:
        self._slots = slots
        self._ledger = ledger
        self._clock = clock
        self._runs = runs
        self._held: dict[str, SlotRequest] = {}
        self._owed: set[str] = set()
        """Holders of which the history does not know."""
        self._requests = Batcher(self._acquire_all)
        self._releases = Batcher(self._release_all)

    async def acquire(self, request: SlotRequest) -> bool:
        acquired = await self._acquire(request)
        if acquired:
            self._held[request.holder] = request
        return acquired

    async def release(self, holder: str) -> None:
        """A slot that cannot be given back expires; whoever holds none gives none back."""
        if self._held.pop(holder, None) is None:
            return
        self._owed.discard(holder)
        await self.free(holder)

    async def free(self, holder: str) -> None:
        """Also what an earlier loop held."""
        if not self._ledger.away:
            try:
                await self._releases(holder)
            except HistoryUnavailable as error:
                self._ledger.missing(error)

    async def extend(self, others: Sequence[str]) -> None:
        """Say of each, and of other jobs that live, that its holder does; ask for what is owed."""
        now = self._clock.now()
        owed = [self._held[holder] for holder in self._owed]
        if owed:
            await self._slots.acquire_slots(owed, now)
            self._owed -= {request.holder for request in owed}
        holders = [*self._held, *others]
        if holders:
            await self._slots.extend_slots(holders, now)

    def holders(self, namespace: str, task_id: str) -> Sequence[str]:
        """Of this loop's own, the oldest first."""
        place = (namespace, task_id)
        return [h for h, r in self._held.items() if (r.namespace, r.task_id) == place]

    async def _acquire(self, request: SlotRequest) -> bool:
        place = (request.namespace, request.task_id)
        running = {*self.holders(*place), *self._runs.adopted_jobs(place)}
        if len(running - {request.holder}) >= request.limit:
            return False
        if not self._ledger.away:
            try:
                return await self._requests(request)
            except HistoryUnavailable as error:
                self._ledger.missing(error)
        self._owed.add(request.holder)
        return True

    async def _acquire_all(self, requests: Sequence[SlotRequest]) -> Sequence[bool]:
        return await self._slots.acquire_slots(requests, self._clock.now())

    async def _release_all(self, holders: Sequence[str]) -> Sequence[None]:
        await self._slots.release_slots(holders)
        return [None] * len(holders)
