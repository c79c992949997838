"""How many jobs of a task may run at once: slots of the history's, and a count of this loop's own.

The count has also the runs that an earlier loop has started and the worker still has.
While the history is away the count decides alone. It counts afterwards too: what was
granted meanwhile the history learns when it is back, and what it froze over has
expired there, though it runs. What was given back meanwhile it learns before it is
asked for anything.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest, Slots
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.recording.batching import Batcher
from jvscheduler.loop.recording.recorder import Ledger
from jvscheduler.loop.worker_link.inherited_runs import InheritedRuns


class ConcurrencySlots:
    def __init__(
        self, slots: Slots, ledger: Ledger, clock: Clock, inherited: InheritedRuns
    ) -> None:
        self._slots = slots
        self._ledger = ledger
        self._clock = clock
        self._inherited = inherited
        self._held: defaultdict[tuple[str, str], dict[str, SlotRequest]] = defaultdict(dict)
        """By task and holder: many of other tasks cost a task nothing."""
        self._owed: dict[str, SlotRequest] = {}
        """By holder, of which the history does not know."""
        self._unfreed: dict[str, datetime] = {}
        """Since when who held a slot holds none, though the history may still take it for held."""
        ledger.on_back = self.extend
        self._requests = Batcher(self._acquire_all)
        self._releases = Batcher(self._release_all)

    async def acquire(self, request: SlotRequest) -> bool:
        """Its place is taken from now on: a history that freezes may answer two at once."""
        if not self.has_room(request):
            return False
        self._unfreed.pop(request.holder, None)
        had_it = request.holder in self._held[request.task]
        self._held[request.task][request.holder] = request
        acquired = await self._acquire(request)
        if not acquired and not had_it:
            self._drop(request)
        return acquired

    async def release(self, request: SlotRequest) -> None:
        """A slot that cannot be given back expires; whoever holds none gives none back."""
        if self._drop(request):
            self._owed.pop(request.holder, None)
            await self.free(request.holder)

    async def free(self, holder: str) -> None:
        """Also what an earlier loop held."""
        if await self._ledger.guarded(lambda: self._releases(holder)):
            return
        now = self._clock.now()
        self._unfreed[holder] = now
        while now - next(iter(self._unfreed.values())) > EXPIRY:
            del self._unfreed[next(iter(self._unfreed))]

    async def extend(self) -> None:
        """Say of each that its holder lives; ask for what is owed, until it is had."""
        now = self._clock.now()
        owed = list(self._owed.values())
        if owed:
            for request, is_had in zip(owed, await self._acquire_all(owed), strict=True):
                if is_had:
                    self._owed.pop(request.holder, None)
        held = (holder for holders in self._held.values() for holder in holders)
        holders = [*self._inherited.job_ids(), *held]
        if holders:
            await self._slots.extend_slots(holders, now)

    def has_room(self, request: SlotRequest) -> bool:
        """As far as this loop knows."""
        others = set(self.holders(request.task)) - {request.holder}
        return len(others) < request.limit

    def holders(self, task: tuple[str, str]) -> Sequence[str]:
        """Those that this loop knows of, the oldest first."""
        return [*self._inherited.job_ids_of(task), *self._held.get(task, ())]

    def _drop(self, request: SlotRequest) -> bool:
        """Whether it had a place."""
        held = self._held[request.task]
        had_it = held.pop(request.holder, None) is not None
        if not held:
            del self._held[request.task]
        return had_it

    async def _acquire(self, request: SlotRequest) -> bool:
        if not self._ledger.away:
            try:
                return await self._ledger.answered(self._requests(request))
            except HistoryUnavailable as error:
                self._ledger.missing(error)
        self._owed[request.holder] = request
        return True

    async def _acquire_all(self, requests: Sequence[SlotRequest]) -> Sequence[bool]:
        if self._unfreed:
            await self._release_all(list(self._unfreed))
        return await self._slots.acquire_slots(requests, self._clock.now())

    async def _release_all(self, holders: Sequence[str]) -> Sequence[None]:
        await self._slots.release_slots(holders)
        for holder in holders:
            self._unfreed.pop(holder, None)
        return [None] * len(holders)
