"""The history gets later what it could not take, a part at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.loop import replay
from jvscheduler.loop.recording import guarded_history
from jvscheduler.loop.recording.batching import Batcher
from jvscheduler.loop.recording.spool import Spool, SpoolEntry
from jvscheduler.outcomes import Outcome, Stretch
from jvscheduler.testing.history import MemoryHistory
from tests.support.history.outcomes import completed, of_job
from tests.support.history.stories import revision, stretch
from tests.support.loop.parts import settle
from tests.support.loop.recording import recording

ENTRIES = [completed(of_job(number)) for number in range(7)]


class CountingSpool(Spool):
    read = 0

    def replay(self) -> Iterator[SpoolEntry]:
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


def test_a_long_spool_is_read_no_faster_than_the_history_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MOST", 2)
    spool = CountingSpool(tmp_path)
    for entry in ENTRIES:
        assert spool.keep(entry)
    store = CountingHistory(spool)
    assert asyncio.run(recording(store, spool).replay.replay())
    assert store.written == len(ENTRIES)
    assert max(store.in_memory) <= 3, "a batch, and the entry that did not fit in"
    assert spool.is_empty


class SilentHistory(MemoryHistory):
    """Never answers a claim or a record."""

    async def claim_all(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        await asyncio.Event().wait()
        return [False for _ in outcomes]

    async def record_all(self, outcomes: Sequence[Outcome]) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("first", ["claim", "record"])
def test_a_history_that_does_not_answer_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setattr(guarded_history, "ANSWER_SECONDS", 0.01)
    own, ended = of_job(1), completed(of_job(1))

    async def scenario() -> None:
        spool = Spool(tmp_path)
        loop = recording(SilentHistory(), spool)
        if first == "claim":
            assert await loop.recorder.claim(own), "a claim that the history cannot decide is won"
        await loop.recorder.record(ended)
        assert loop.history.is_away
        kept = list(spool.replay())
        assert kept == ([own, ended] if first == "claim" else [ended])

    asyncio.run(scenario())


def test_once_the_history_is_away_no_call_waits_for_its_answer_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_history, "ANSWER_SECONDS", 3600)

    async def scenario() -> None:
        spool = Spool(tmp_path)
        loop = recording(SilentHistory(), spool)
        claims = [of_job(number) for number in (1, 2)]
        claiming = [asyncio.create_task(loop.recorder.claim(claim)) for claim in claims]
        await settle()
        loop.history.set_away(HistoryUnavailable("down"))
        async with asyncio.timeout(60):
            assert await asyncio.gather(*claiming) == [True, True]
        assert list(spool.replay()) == claims

    asyncio.run(scenario())


def test_a_call_that_was_cancelled_is_left_out_of_its_batch() -> None:
    async def scenario() -> list[str]:
        done: list[str] = []
        thaw = asyncio.Event()

        async def act(items: Sequence[str]) -> Sequence[None]:
            await thaw.wait()
            done.extend(items)
            return [None for _ in items]

        batcher = Batcher(act)
        calls = [asyncio.create_task(batcher(item)) for item in ("a", "b", "c")]
        await asyncio.sleep(0)
        late = [asyncio.create_task(batcher(item)) for item in ("d", "e")]
        await asyncio.sleep(0)
        late[0].cancel()
        thaw.set()
        await asyncio.gather(*calls, late[1])
        return done

    assert asyncio.run(scenario()) == ["a", "b", "c", "e"]


class SlowHistory(MemoryHistory):
    """Counts what each statement writes. A statement takes long enough for other calls to come."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        self.written.append(len(stretches))
        await asyncio.sleep(0)
        await super().record_stretches(stretches)

    async def add_revisions(self, revisions: Sequence[ScheduleRevision]) -> None:
        self.written.append(len(revisions))
        await asyncio.sleep(0)
        await super().add_revisions(revisions)


def test_a_loop_that_starts_with_many_tasks_writes_few_statements(tmp_path: Path) -> None:
    async def scenario() -> Sequence[int]:
        store = SlowHistory()
        recorder = recording(store, Spool(tmp_path)).recorder
        await asyncio.gather(*(recorder.add_revision(revision(number)) for number in range(100)))
        assert len(await store.revisions("shop")) == 100
        await asyncio.gather(
            *(recorder.record_stretches([stretch(number)]) for number in range(100))
        )
        return store.written

    assert asyncio.run(scenario()) == [100, 100]
