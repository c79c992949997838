"""The history as the loop writes it: it always succeeds, if need be on disk.

A history that is down stops no task: what it cannot take is spooled, and a
claim that it cannot decide counts as won. As long as it is away nothing waits
for it; somebody else looks every second whether it is back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, TypeGuard

from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.revisions import ScheduleRevision
from jvscheduler.history.store import LoopStore
from jvscheduler.loop.batching import Batcher
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.definition import revision_of
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.recovery import Takeover
from jvscheduler.loop.settling import settle
from jvscheduler.loop.spool import Entry, Spool, Unsettled
from jvscheduler.outcomes import Gap, Outcome

_PAUSE: Final = timedelta(seconds=1)
MOST: Final = 200
"""Spooled entries in one statement, and in memory."""


class Ledger:
    def __init__(self, store: LoopStore, spool: Spool) -> None:
        self._store = store
        self._spool = spool
        self._claims = Batcher(self._claim_all)
        self._records = Batcher(self._record_all)
        self._accounts = Batcher(self._account_all)
        self._revisions = Batcher(self._revise_all)
        self._own: set[str] = set()
        """Of what is spooled, the revisions of tasks that this loop itself will settle."""
        self.away = not spool.is_empty
        """Whether the history is down, or lacks what an earlier loop has spooled."""

    async def claim(self, outcome: Outcome) -> bool:
        """Whether the attempt may run."""
        if not self.away:
            try:
                return await self._claims(outcome)
            except HistoryUnavailable as error:
                self.missing(error)
        self._keep(outcome)
        return True

    async def record(self, outcome: Outcome) -> None:
        await self._write(lambda: self._records(outcome), [outcome])

    async def account(self, gaps: Sequence[Gap]) -> None:
        await self._write(lambda: self._accounts(gaps), gaps)

    async def revise(self, revision: ScheduleRevision) -> None:
        await self._write(lambda: self._revisions(revision), [revision])

    def unsettled(self, takeovers: Iterable[Takeover]) -> None:
        """While the history is away: should this loop end before, the next one settles them."""
        for takeover in takeovers if self.away else ():
            revision = revision_of(takeover.definition, takeover.since)
            if revision.id not in self._own:
                self._own.add(revision.id)
                self._keep(Unsettled(takeover.definition.name, revision))

    async def guarded(self, act: Callable[[], Awaitable[None]]) -> None:
        """What can wait for the history: not done while it is away, and not made up for."""
        if self.away:
            return
        try:
            await act()
        except HistoryUnavailable as error:
            self.missing(error)

    def missing(self, error: SchedulerError) -> None:
        if not self.away:
            text = f"going on without the history, what it should know is kept: {error}"
            say(text, Event.PROBLEM)
        self.away = True

    async def reconcile(self, clock: Clock, stop: asyncio.Event) -> None:
        """Until the stop: when the history is back, first bring it up to date."""
        while not stop.is_set():
            if self.away:
                await self.replay()
            await clock.wait_until(clock.now() + _PAUSE, stop)

    async def replay(self) -> bool:
        """Whether the history is there and has everything."""
        try:
            await self._store.ping()
            while not self._spool.is_empty:
                for batch in _batches(self._spool.replay()):
                    await self._put(batch)
                self._spool.replayed()
        except HistoryUnavailable:
            return False
        self._own.clear()
        if self.away:
            say("the history is up to date")
        self.away = False
        return True

    async def _write(self, act: Callable[[], Awaitable[None]], entries: Sequence[Entry]) -> None:
        if not self.away:
            try:
                await act()
            except HistoryUnavailable as error:
                self.missing(error)
            else:
                return
        for entry in entries:
            self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        if not self._spool.keep(entry):
            text = f"the spool is full, {self._spool.refused} records are lost; mend the database"
            say(text, Event.PROBLEM)

    async def _claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        try:
            return await self._store.claim_all(outcomes)
        except HistoryUnavailable:
            raise
        except SchedulerError:
            return [await self._claim_one(outcome) for outcome in outcomes]

    async def _claim_one(self, outcome: Outcome) -> bool:
        """A record that cannot be read is there all the same: somebody else's claim."""
        try:
            return await self._store.claim(outcome) is not None
        except HistoryUnavailable:
            raise
        except SchedulerError as error:
            say(f"{outcome.task_id} does not run: {error}", Event.PROBLEM)
            return False

    async def _record_all(self, outcomes: Sequence[Outcome]) -> Sequence[None]:
        try:
            await self._store.record_all(outcomes)
        except HistoryUnavailable:
            raise
        except SchedulerError:
            for outcome in outcomes:
                await self._record_one(outcome)
        return [None] * len(outcomes)

    async def _record_one(self, outcome: Outcome) -> None:
        try:
            await self._store.record(outcome)
        except HistoryUnavailable:
            raise
        except SchedulerError as error:
            text = f"the outcome of {outcome.task_id} cannot be recorded: {error}"
            say(text, Event.PROBLEM)

    async def _account_all(self, accounts: Sequence[Sequence[Gap]]) -> Sequence[None]:
        await self._store.account([gap for gaps in accounts for gap in gaps])
        return [None] * len(accounts)

    async def _revise_all(self, revisions: Sequence[ScheduleRevision]) -> Sequence[None]:
        await self._store.revise(revisions)
        return [None] * len(revisions)

    async def _put(self, entries: Sequence[Entry]) -> None:
        match entries[0]:
            case Outcome():
                await self._record_all([e for e in entries if isinstance(e, Outcome)])
            case Gap():
                await self._store.account([e for e in entries if isinstance(e, Gap)])
            case ScheduleRevision():
                await self._store.revise([e for e in entries if isinstance(e, ScheduleRevision)])
            case Unsettled():
                await settle(self._store, [e for e in entries if self._is_left(e)])

    def _is_left(self, entry: Entry) -> TypeGuard[Unsettled]:
        return isinstance(entry, Unsettled) and entry.revision.id not in self._own


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Runs of entries of one kind, one at a time; no two outcomes of one job in a batch."""
    batch: list[Entry] = []
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
