"""Limits how many jobs of a task run at once: by slots in the history, and by this loop's count.

The count includes jobs that an earlier loop started and the worker still runs. While the
history is away the count alone decides. Afterwards both must allow the job:

- Slots that were granted while the history was away are unknown there until it is back.
- When the database froze, slots of jobs that still run may have expired in it.
- Slots that were released while it was away are released there before it is asked for others.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.recording.batching import Batcher, answering_none
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.worker_link.inherited_attempts import InheritedAttempts


class ConcurrencySlots:
    def __init__(self, history: GuardedHistory, inherited: InheritedAttempts, clock: Clock) -> None:
        self._history = history
        self._inherited = inherited
        self._clock = clock
        self._held: defaultdict[tuple[str, str], dict[str, SlotRequest]] = defaultdict(dict)
        """By task, then by holder: a look at one task must not cost more for many others."""
        self._unknown: dict[str, SlotRequest] = {}
        """Slots of which the history does not know, by holder."""
        self._unreleased: dict[str, datetime] = {}
        """Holders that have no slot any more, though the history may still think so, and since
        when. The oldest come first."""
        self._acquisitions = Batcher(self._acquire_all)
        self._releases = Batcher(answering_none(self._release_all))

    async def acquire(self, request: SlotRequest) -> bool:
        """True when the holder has a slot now. It may have had it before."""
        if not self.has_room(request):
            return False
        self._unreleased.pop(request.holder, None)
        had_slot = request.holder in self._held[request.task]
        # The slot counts as held before the history answers. Otherwise two jobs that ask at
        # once could both get the last slot, from a history that was frozen and answers both.
        self._held[request.task][request.holder] = request
        acquired = await self._history.when_available(
            lambda: self._acquisitions(request), lambda: self._grant(request)
        )
        if not acquired and not had_slot:
            self._drop(request)
        return acquired

    async def release(self, request: SlotRequest) -> None:
        """Release the holder's slot, if it has one."""
        if self._drop(request):
            self._unknown.pop(request.holder, None)
            await self.free(request.holder)

    async def free(self, holder: str) -> None:
        """Release a slot in the history, also one that an earlier loop acquired."""
        if await self._history.if_available(lambda: self._releases(holder)):
            return
        now = self._clock.now()
        self._unreleased[holder] = now
        # By then the slots have expired in the history.
        while now - next(iter(self._unreleased.values())) > EXPIRY:
            del self._unreleased[next(iter(self._unreleased))]

    async def extend(self) -> None:
        """Extend the holders' slots in the history, and acquire those that it does not know.

        Raises HistoryUnavailable. A slot that the history refuses is asked for again next time.
        """
        now = self._clock.now()
        unknown = list(self._unknown.values())
        if unknown:
            for request, acquired in zip(unknown, await self._acquire_all(unknown), strict=True):
                if acquired:
                    self._unknown.pop(request.holder, None)
        held = (holder for holders in self._held.values() for holder in holders)
        holders = [*self._inherited.job_ids(), *held]
        if holders:
            await self._history.store.extend_slots(holders, now)

    def has_room(self, request: SlotRequest) -> bool:
        """True when this loop knows of fewer jobs of the task than its limit, without this one."""
        others = set(self.holders(request.task)) - {request.holder}
        return len(others) < request.limit

    def holders(self, task: tuple[str, str]) -> Sequence[str]:
        """The task's holders that this loop knows of, the oldest first."""
        return [*self._inherited.job_ids_of(task), *self._held.get(task, ())]

    def _grant(self, request: SlotRequest) -> bool:
        self._unknown[request.holder] = request
        return True

    def _drop(self, request: SlotRequest) -> bool:
        """True when the holder had a slot."""
        held = self._held[request.task]
        had_slot = held.pop(request.holder, None) is not None
        if not held:
            del self._held[request.task]
        return had_slot

    async def _acquire_all(self, requests: Sequence[SlotRequest]) -> Sequence[bool]:
        if self._unreleased:
            await self._release_all(list(self._unreleased))
        return await self._history.store.acquire_slots(requests, self._clock.now())

    async def _release_all(self, holders: Sequence[str]) -> None:
        await self._history.store.release_slots(holders)
        for holder in holders:
            self._unreleased.pop(holder, None)
