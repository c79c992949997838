"""The server's store: a namespace without tables holds up no other one, and no id is believed."""

import asyncio
from collections.abc import Mapping

import pytest

from jvscheduler.errors import HistoryUnavailable, NamespaceNotReady
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.namespaces import NamespacedHistory
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.testing.history import MemoryHistory
from tests.support.history.outcomes import NOON, begun, completed, of_job


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def made() -> dict[str, LoopStore]:
    """The stores of the namespaces that have tables, by their schema."""
    return {"ns_shop": MemoryHistory()}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(made: dict[str, LoopStore], clock: Clock) -> NamespacedHistory:
    async def find(schema: str) -> LoopStore | None:
        return made.get(schema)

    return NamespacedHistory(MemoryHistory(), find, unmeasured, clock)


async def unmeasured() -> Mapping[str, int]:
    raise AssertionError("nobody asked for sizes")


def test_a_write_without_tables_is_repeated_for_two_minutes_and_then_set_aside(
    store: NamespacedHistory, made: dict[str, LoopStore], clock: Clock
) -> None:
    late = completed(of_job(0, namespace="late"))

    async def story() -> None:
        for clock.now in (0, 119):
            with pytest.raises(HistoryUnavailable, match="no tables for namespace late"):
                await store.record(late)
        clock.now = 120
        with pytest.raises(NamespaceNotReady):
            await store.record(late)
        made["ns_late"] = MemoryHistory()
        await store.record(late)
        assert len((await made["ns_late"].recent(NOON, None, 9)).jobs) == 1

    asyncio.run(story())


def test_the_others_of_a_batch_are_written(
    store: NamespacedHistory,
    made: dict[str, LoopStore],
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    batch = [completed(of_job(0, namespace="late")), completed(of_job(1))]

    async def story() -> None:
        with pytest.raises(HistoryUnavailable):
            await store.record_all(batch)
        clock.now = 120
        await store.record_all(batch)
        assert len((await made["ns_shop"].recent(NOON, None, 9)).jobs) == 1

    asyncio.run(story())
    assert "left out: 1 records; the history has no tables for namespace late" in caplog.text


def test_a_record_whose_id_is_of_another_namespace_is_left_out() -> None:
    every = MemoryHistory()
    forged = of_job(1, namespace="evil", job_id=begun().job_id)

    async def nowhere(_: str) -> LoopStore | None:
        return None

    async def story() -> None:
        await every.claim(forged)
        assert len(await every.unfinished()) == 1
        store = NamespacedHistory(every, nowhere, unmeasured)
        assert await store.unfinished() == []
        assert (await store.recent(NOON, None, 9)).jobs == ()

    asyncio.run(story())


def test_slots_are_freed_in_the_namespace_that_is_named(
    store: NamespacedHistory, made: dict[str, LoopStore]
) -> None:
    made["ns_other"] = MemoryHistory()
    held = [SlotRequest(name, "restock", 1, "a-pod") for name in ("shop", "other")]
    next_ones = [SlotRequest(name, "restock", 1, "next") for name in ("shop", "other")]

    async def story() -> None:
        assert await store.acquire_slots(held, NOON) == [True, True]
        await store.free_slots("shop", ["a-pod"])
        await store.free_slots("late", ["a-pod"])
        assert await store.acquire_slots(next_ones, NOON) == [True, False]

    asyncio.run(story())
