"""ConcurrencySlots that were granted while the history was away count when it is back."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.loop.execution.slots import ConcurrencySlots
from jvscheduler.loop.recording.recorder import Ledger
from jvscheduler.loop.recording.spool import Spool
from jvscheduler.loop.worker_link.inherited_runs import InheritedRuns
from jvscheduler.outcomes import Outcome
from jvscheduler.testing.history import MemoryHistory
from tests.support.history.outcomes import completed, of_job
from tests.support.loop.parts import SteppedClock


def _loop_on(store: MemoryHistory, directory: Path) -> tuple[Ledger, ConcurrencySlots]:
    ledger = Ledger(store, Spool(directory), SteppedClock())
    return ledger, ConcurrencySlots(store, ledger, SteppedClock(), InheritedRuns())


def _request(holder: str) -> SlotRequest:
    return SlotRequest("shop", "restock", 1, holder)


def test_a_place_that_the_history_does_not_know_of_yet_is_taken_all_the_same(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        store = MemoryHistory()
        ledger, places = _loop_on(store, tmp_path)
        ledger.missing(HistoryUnavailable("down"))
        assert await places.acquire(_request("first"))
        assert await ledger.replay()
        assert not await places.acquire(_request("second"))
        assert await places.acquire(_request("first")), "its own place, for another attempt"
        await places.release(_request("first"))
        assert await places.acquire(_request("second"))

    asyncio.run(tale())


def test_a_place_that_was_given_back_while_the_history_was_away_is_free_when_it_is_there(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        store = MemoryHistory()
        ledger, places = _loop_on(store, tmp_path)
        assert await places.acquire(_request("first"))
        ledger.missing(HistoryUnavailable("down"))
        await places.release(_request("first"))
        assert await ledger.replay()
        assert await places.acquire(_request("second"))

    asyncio.run(tale())


def test_a_place_that_was_taken_while_the_history_was_away_is_known_there_at_once(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        store = MemoryHistory()
        ledger, places = _loop_on(store, tmp_path)
        ledger.missing(HistoryUnavailable("down"))
        assert await places.acquire(_request("first"))
        assert await ledger.replay()
        _, others = _loop_on(store, tmp_path / "other")
        assert not await others.acquire(_request("second"))

    asyncio.run(tale())


def test_also_one_that_was_given_back_meanwhile_and_taken_again(tmp_path: Path) -> None:
    async def tale() -> None:
        store = MemoryHistory()
        ledger, places = _loop_on(store, tmp_path)
        assert await places.acquire(_request("before"))
        ledger.missing(HistoryUnavailable("down"))
        await places.release(_request("before"))
        assert await places.acquire(_request("first"))
        assert await ledger.replay()
        assert await places.acquire(SlotRequest("shop", "another", 1, "of-another-task"))
        _, others = _loop_on(store, tmp_path / "other")
        assert not await others.acquire(_request("second"))

    asyncio.run(tale())


def test_also_one_that_was_taken_while_the_history_was_brought_up_to_date(tmp_path: Path) -> None:
    class Told(MemoryHistory):
        async def record_all(self, outcomes: Sequence[Outcome]) -> None:
            assert await places.acquire(_request("first"))
            await super().record_all(outcomes)

    store, spool = Told(), Spool(tmp_path)
    assert spool.keep(completed(of_job(1)))
    ledger = Ledger(store, spool, SteppedClock())
    places = ConcurrencySlots(store, ledger, SteppedClock(), InheritedRuns())

    async def tale() -> None:
        assert await ledger.replay()
        _, others = _loop_on(store, tmp_path / "other")
        assert not await others.acquire(_request("second"))

    asyncio.run(tale())


class ThawedHistory(MemoryHistory):
    """Answers all that it was asked while it was frozen, by clocks of different times."""

    async def acquire_slots(self, requests: Sequence[SlotRequest], now: datetime) -> Sequence[bool]:
        await asyncio.sleep(0)
        return [True for _ in requests]


def test_two_that_ask_at_once_do_not_both_get_the_last_place(tmp_path: Path) -> None:
    async def tale() -> list[bool]:
        store = ThawedHistory()
        _, places = _loop_on(store, tmp_path)
        asked = (places.acquire(_request(holder)) for holder in ("first", "second"))
        return await asyncio.gather(*asked)

    assert asyncio.run(tale()) == [True, False]
