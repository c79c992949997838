"""The history as the loop writes it: it always succeeds, if need be on disk.

A history that is down stops no task: what it cannot take is spooled, and a
claim that it cannot decide counts as won. One that does not answer soon is as good
as down: tasks would be late, and hold their places while they are over. As long as
it is away nothing waits for it; somebody else looks every second whether it is back.

Another loop that had the same tasks may have spooled too, and does not know of
this one. So nothing is concluded from what the history lacks while it has just
come back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.loop.clock import Clock
from jvscheduler.loop.log import Event, say
from jvscheduler.loop.recording.batching import Batcher
from jvscheduler.loop.recording.spool import Entry, Spool, Unsettled
from jvscheduler.loop.takeover.decide import Takeover
from jvscheduler.loop.takeover.settle_spooled import settle
from jvscheduler.loop.takeover.spooled import Pledges
from jvscheduler.outcomes import Outcome, Stretch

T = TypeVar("T")

_PAUSE: Final = timedelta(seconds=1)
PATIENCE: Final = timedelta(seconds=15)
"""Longer than a loop takes to say that it lives, and to begin with its spool."""
ANSWER_SECONDS: Final = 2.0
"""What is asked for a job is answered within them, or the history is away."""
MOST: Final = 200
"""Spooled entries in one statement, and in memory."""


class Ledger:
    def __init__(self, store: LoopStore, spool: Spool, clock: Clock) -> None:
        self._store = store
        self._spool = spool
        self._clock = clock
        self._claims = Batcher(self._claim_all)
        self._records = Batcher(self._record_all)
        self._accounts = Batcher(self._account_all)
        self._revisions = Batcher(self._revise_all)
        self.pledges: Final = Pledges()
        self.away = not spool.is_empty
        """Whether the history is down, or lacks what an earlier loop has spooled."""
        self._limits: dict[asyncio.Timeout, None] = {}
        """Of what it has been asked and has not answered, in that order."""
        self.on_back: Callable[[], Awaitable[None]] = _nothing
        """Awaited when the history answers again, before it is told anything else, and once it is
        asked again, for what came in between."""
        self._back: datetime | None = None
        """When it was there again, after it had been missed last."""

    @property
    def is_complete(self) -> bool:
        """Whether what the history lacks did not happen, as far as loops know."""
        if self.away or self._back is None:
            return not self.away
        return not timedelta(0) <= self._clock.now() - self._back < PATIENCE

    async def claim(self, outcome: Outcome) -> bool:
        """Whether the attempt may run."""
        if not self.away:
            try:
                return await self.answered(self._claims(outcome))
            except HistoryUnavailable as error:
                self.missing(error)
        self._keep(outcome)
        return True

    async def record(self, outcome: Outcome) -> None:
        await self._write(lambda: self._records(outcome), [outcome])

    async def account(self, stretches: Sequence[Stretch]) -> None:
        await self._write(lambda: self._accounts(stretches), stretches)

    async def revise(self, revision: ScheduleRevision) -> None:
        await self._write(lambda: self._revisions(revision), [revision])

    @property
    def is_owed(self) -> bool:
        """Whether there is something on disk that the history lacks."""
        return self.away or bool(self.pledges)

    def unsettled(self, takeovers: Iterable[Takeover]) -> None:
        """While they wait for the history: should this loop end before, the next one settles
        them."""
        for takeover in () if self.is_complete else takeovers:
            self._pledge(takeover)

    def left(self, takeover: Takeover) -> None:
        """Another loop or a CronJob serves it: it is settled with what else is spooled, also when
        the history is there. It must know what was in force while this loop had it."""
        self._pledge(takeover)
        self.pledges.give_up(takeover.definition.name)

    def _pledge(self, takeover: Takeover) -> None:
        if (pledged := self.pledges.make(takeover)) is not None:
            self._keep(pledged)

    async def guarded(self, act: Callable[[], Awaitable[None]]) -> bool:
        """Whether it was done. What can wait for the history: not done while it is away, and not
        made up for."""
        if not self.away:
            try:
                await act()
            except HistoryUnavailable as error:
                self.missing(error)
            else:
                return True
        return False

    async def answered(self, asked: Awaitable[T]) -> T:
        """Raises HistoryUnavailable, also when nothing is heard: it may be done all the same."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS) as limit:
                self._limits[limit] = None
                return await asked
        except TimeoutError:
            raise HistoryUnavailable(f"no answer in {ANSWER_SECONDS:g} s") from None
        finally:
            self._limits.pop(limit, None)

    def missing(self, error: SchedulerError) -> None:
        """Nobody waits any longer: were a later instant on disk before an earlier one, a loop that
        is killed in between would leave that without a record."""
        if not self.away:
            text = f"going on without the history, what it should know is kept: {error}"
            say(text, Event.PROBLEM)
        self.away = True
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    async def reconcile(self, stop: asyncio.Event) -> None:
        """Until the stop: when the history is back, first bring it up to date."""
        while not stop.is_set():
            if self.away or self.pledges.has_news:
                await self.replay()
            await self._clock.pause(_PAUSE, stop)

    async def replay(self) -> bool:
        """Whether the history is there and has everything."""
        kept, self.pledges.has_news = self.pledges.kept(), False
        try:
            await self._store.ping()
            if self.away:
                await self.on_back()
            while await self._replay():
                pass
        except HistoryUnavailable:
            self.pledges.has_news = True
            return False
        self.pledges.forget(kept)
        if self.away:
            say("the history is up to date")
            self._back, self.away = self._clock.now(), False
            await self.guarded(self.on_back)
        return not self.away

    async def _replay(self) -> bool:
        """Whether there was anything that does not wait for this loop itself; that stays."""
        if self._spool.is_empty:
            return False
        found = False
        for batch in _batches(self._spool.replay()):
            ripe = [entry for entry in batch if not self.pledges.awaits(entry)]
            for entry in filter(self.pledges.awaits, batch):
                self._keep(entry)
            await self._put(ripe)
            found = found or bool(ripe)
        self._spool.replayed()
        return found

    async def _write(self, act: Callable[[], Awaitable[None]], entries: Sequence[Entry]) -> None:
        if not self.away:
            try:
                await self.answered(act())
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

    async def _account_all(self, accounts: Sequence[Sequence[Stretch]]) -> Sequence[None]:
        await self._store.record_stretches(
            [stretch for stretches in accounts for stretch in stretches]
        )
        return [None] * len(accounts)

    async def _revise_all(self, revisions: Sequence[ScheduleRevision]) -> Sequence[None]:
        await self._store.add_revisions(revisions)
        return [None] * len(revisions)

    async def _put(self, entries: Sequence[Entry]) -> None:
        """Of one kind."""
        match entries:
            case [Outcome(), *_]:
                await self._record_all([e for e in entries if isinstance(e, Outcome)])
            case [Stretch(), *_]:
                await self._store.record_stretches([e for e in entries if isinstance(e, Stretch)])
            case [ScheduleRevision(), *_]:
                await self._store.add_revisions(
                    [e for e in entries if isinstance(e, ScheduleRevision)]
                )
            case [Unsettled(), *_]:
                left = [e for e in entries if isinstance(e, Unsettled)]
                await settle(self._store, [e for e in left if not self.pledges.is_kept(e)])


async def _nothing() -> None:
    """Nobody has anything to tell first."""


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
