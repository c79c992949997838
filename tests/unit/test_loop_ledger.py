"""What the history could not take reaches it later, a part at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from jvscheduler.history.memory import MemoryHistory
from jvscheduler.history.revisions import ScheduleRevision
from jvscheduler.loop import ledger as ledgers
from jvscheduler.loop.ledger import Ledger
from jvscheduler.loop.spool import Entry, Spool
from jvscheduler.outcomes import Gap, Outcome
from tests.loop_parts import SteppedClock
from tests.loop_stories import gap, revision
from tests.outcomes import completed, of_job

ENTRIES = [completed(of_job(number)) for number in range(7)]


class CountingSpool(Spool):
    read = 0

    def replay(self) -> Iterator[Entry]:
        for entry in super().replay():
            self.read += 1
            yield entry


class CountingHistory(MemoryHistory):
    def __init__(self, spool: CountingSpool) -> None:
        super().__init__()
        self._spool = spool
        self.written = 0
        self.in_memory: list[int] = []

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        self.in_memory.append(self._spool.read - self.written)
        await super().record_all(outcomes)
        self.written += len(outcomes)


def test_a_long_spool_is_read_no_further_than_the_history_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgers, "MOST", 2)
    spool = CountingSpool(tmp_path)
    for entry in ENTRIES:
        assert spool.keep(entry)
    store = CountingHistory(spool)
    assert asyncio.run(Ledger(store, spool, SteppedClock()).replay())
    assert store.written == len(ENTRIES)
    assert max(store.in_memory) <= 3, "a batch, and the entry that did not fit in"
    assert spool.is_empty


class SlowHistory(MemoryHistory):
    """Counts what each statement writes, which takes as long as others need to come."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    async def account(self, gaps: Sequence[Gap]) -> None:
        self.written.append(len(gaps))
        await asyncio.sleep(0)
        await super().account(gaps)

    async def revise(self, revisions: Sequence[ScheduleRevision]) -> None:
        self.written.append(len(revisions))
        await asyncio.sleep(0)
        await super().revise(revisions)


def test_a_loop_that_starts_with_many_tasks_writes_few_statements(tmp_path: Path) -> None:
    async def tale() -> Sequence[int]:
        store = SlowHistory()
        ledger = Ledger(store, Spool(tmp_path), SteppedClock())
        await asyncio.gather(*(ledger.revise(revision(number)) for number in range(100)))
        assert len(await store.revisions("shop")) == 100
        await asyncio.gather(*(ledger.account([gap(number)]) for number in range(100)))
        return store.written

    assert asyncio.run(tale()) == [100, 100]
