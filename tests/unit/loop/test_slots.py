"""Slots that were granted while the history was away count when it is back."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.outcomes import Outcome
from jvscheduler.testing.history import MemoryHistory
from tests.support.history.outcomes import completed, of_job
from tests.support.loop.recording import Recording, recording


def _loop_on(store: MemoryHistory, directory: Path) -> Recording:
    return recording(store, Spool(directory))


def _request(holder: str) -> SlotRequest:
    return SlotRequest("shop", "restock", 1, holder)


def test_a_slot_that_the_history_does_not_know_yet_counts_all_the_same(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        loop = _loop_on(MemoryHistory(), tmp_path)
        loop.history.set_away(HistoryUnavailable("down"))
        assert await loop.slots.acquire(_request("first"))
        assert await loop.replay.replay()
        assert not await loop.slots.acquire(_request("second"))
        assert await loop.slots.acquire(_request("first")), "its own slot, for another attempt"
        await loop.slots.release(_request("first"))
        assert await loop.slots.acquire(_request("second"))

    asyncio.run(scenario())


def test_a_slot_that_was_released_while_the_history_was_away_is_free_when_it_is_back(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        loop = _loop_on(MemoryHistory(), tmp_path)
        assert await loop.slots.acquire(_request("first"))
        loop.history.set_away(HistoryUnavailable("down"))
        await loop.slots.release(_request("first"))
        assert await loop.replay.replay()
        assert await loop.slots.acquire(_request("second"))

    asyncio.run(scenario())


def test_a_slot_that_was_acquired_while_the_history_was_away_is_known_there_at_once(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        store = MemoryHistory()
        loop = _loop_on(store, tmp_path)
        loop.history.set_away(HistoryUnavailable("down"))
        assert await loop.slots.acquire(_request("first"))
        assert await loop.replay.replay()
        other = _loop_on(store, tmp_path / "other")
        assert not await other.slots.acquire(_request("second"))

    asyncio.run(scenario())


def test_a_slot_that_was_released_and_acquired_again_while_the_history_was_away_is_known_there(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        store = MemoryHistory()
        loop = _loop_on(store, tmp_path)
        assert await loop.slots.acquire(_request("before"))
        loop.history.set_away(HistoryUnavailable("down"))
        await loop.slots.release(_request("before"))
        assert await loop.slots.acquire(_request("first"))
        assert await loop.replay.replay()
        another_task = SlotRequest("shop", "another", 1, "of-another-task")
        assert await loop.slots.acquire(another_task)
        other = _loop_on(store, tmp_path / "other")
        assert not await other.slots.acquire(_request("second"))

    asyncio.run(scenario())


def test_a_slot_that_was_acquired_during_a_replay_is_known_in_the_history(tmp_path: Path) -> None:
    class AcquiringHistory(MemoryHistory):
        async def record_all(self, outcomes: Sequence[Outcome]) -> None:
            assert await loop.slots.acquire(_request("first"))
            await super().record_all(outcomes)

    store, spool = AcquiringHistory(), Spool(tmp_path)
    assert spool.keep(completed(of_job(1)))
    loop = recording(store, spool)

    async def scenario() -> None:
        assert await loop.replay.replay()
        other = _loop_on(store, tmp_path / "other")
        assert not await other.slots.acquire(_request("second"))

    asyncio.run(scenario())


class ThawedHistory(MemoryHistory):
    """Answers everything that it was asked while it was frozen, each by its own time."""

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        await asyncio.sleep(0)
        return [True for _ in requests]


def test_two_jobs_that_ask_at_once_do_not_both_get_the_last_slot(tmp_path: Path) -> None:
    async def scenario() -> list[bool]:
        loop = _loop_on(ThawedHistory(), tmp_path)
        requests = (loop.slots.acquire(_request(holder)) for holder in ("first", "second"))
        return await asyncio.gather(*requests)

    assert asyncio.run(scenario()) == [True, False]
