"""Replays the spool: writes to the history what it could not take, as soon as it is back."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from jvscheduler.due_instants.takeover.settle import settle_spooled
from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.log import say_unrecorded
from jvscheduler.loop.recording.guarded_history import GuardedHistory
from jvscheduler.loop.recording.history_writes import HistoryWrites
from jvscheduler.loop.recording.spool import Spool, SpoolEntry
from jvscheduler.loop.takeover.spooled import SpooledTakeovers
from jvscheduler.outcomes import Outcome, Stretch

_PAUSE: Final = timedelta(seconds=1)
"""The pause between two looks if the history is back."""
MOST: Final = 200
"""The most spooled entries in one statement, and in memory."""


class Replay:
    def __init__(
        self,
        history: GuardedHistory,
        spool: Spool,
        slots: ConcurrencySlots,
        takeovers: SpooledTakeovers,
        clock: Clock,
    ) -> None:
        self._history = history
        self._writes = HistoryWrites(history.store)
        self._spool = spool
        self._slots = slots
        self._takeovers = takeovers
        self._clock = clock

    @property
    def is_done(self) -> bool:
        """True when the history has everything that was spooled."""
        return not self._history.is_away and self._takeovers.is_empty

    async def run(self, stop: asyncio.Event) -> None:
        """Replay the spool whenever the history is back, until the stop."""
        while not stop.is_set():
            if self._history.is_away or self._takeovers.needs_replay:
                await self.replay()
            await self._clock.pause(_PAUSE, stop)

    async def replay(self) -> bool:
        """True when the history answers and has everything."""
        settled = self._takeovers.begin_replay()
        try:
            await self._history.store.ping()
            if self._history.is_away:
                # First the slots, before a long spool: another loop that serves the same tasks
                # must find them as soon as it can ask for slots of its own.
                await self._slots.extend()
            while await self._replay_once():
                pass
        except HistoryUnavailable:
            self._takeovers.fail_replay()
            return False
        self._takeovers.end_replay(settled)
        if self._history.is_away:
            self._history.set_back()
            # Once more, for the slots that were granted while the spool was replayed.
            await self._history.if_available(self._slots.extend)
        return not self._history.is_away

    async def _replay_once(self) -> bool:
        """True when there was an entry to write: another may have come meanwhile."""
        if self._spool.is_empty:
            return False
        wrote = False
        for batch in _batches(self._spool.replay()):
            # A takeover that waits for this loop goes back into the spool. It does not count as
            # written: otherwise the replay would find it again and never end.
            waiting = [e for e in batch if self._takeovers.is_pending(e)]
            for entry in waiting:
                self._spool.keep(entry)
            await self._note(waiting)
            ready = [entry for entry in batch if not self._takeovers.is_pending(entry)]
            await self._write(ready)
            wrote = wrote or bool(ready)
        self._spool.remove_replayed()
        return wrote

    async def _note(self, waiting: Sequence[SpoolEntry]) -> None:
        # From now on this loop's claims go to the history again. If its disk is lost with it, the
        # next loop must find there that the time before is not settled.
        takeovers = [e for e in waiting if isinstance(e, UnsettledTakeover)]
        await self._writes.add_takeovers(takeovers)

    async def _write(self, entries: Sequence[SpoolEntry]) -> None:
        """Write a batch, whose entries are of one kind."""
        match entries:
            case [Outcome(), *_]:
                await self._writes.record([e for e in entries if isinstance(e, Outcome)])
            case [Stretch(), *_]:
                await self._writes.record_stretches([e for e in entries if isinstance(e, Stretch)])
            case [ScheduleRevision(), *_]:
                revisions = [e for e in entries if isinstance(e, ScheduleRevision)]
                await self._writes.add_revisions(revisions)
            case [UnsettledTakeover(), *_]:
                left = [e for e in entries if isinstance(e, UnsettledTakeover)]
                unsettled = [e for e in left if not self._takeovers.is_settled(e)]
                await settle_spooled(self._history.store, unsettled, say_unrecorded)


def _batches(entries: Iterable[SpoolEntry]) -> Iterator[list[SpoolEntry]]:
    """Batches in the order of the entries, each of one kind.

    No batch has two outcomes of one job: one statement could not write both.
    """
    batch: list[SpoolEntry] = []
    jobs: set[str] = set()
    for entry in entries:
        job = entry.job_id if isinstance(entry, Outcome) else None
        if batch and (type(batch[0]) is not type(entry) or job in jobs or len(batch) == MOST):
            yield batch
            batch, jobs = [], set()
        batch.append(entry)
        jobs |= {job} if job else set()
    if batch:
        yield batch
