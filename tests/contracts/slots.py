"""Contract of every store: slots keep a task's limit. Time is an argument, so nothing waits."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.store.protocol import LoopStore
from tests.support.history.outcomes import NOON
from tests.support.history.running import run_story
from tests.support.history.stories import REPORT, RESTOCK, MakeLoopStore

LATER = NOON + EXPIRY - timedelta(seconds=1)
EXPIRED = NOON + EXPIRY + timedelta(seconds=1)


def asked(*holders: str, limit: int = 1, task: str = RESTOCK) -> list[SlotRequest]:
    return [SlotRequest("shop", task, limit, holder) for holder in holders]


class SlotsContract:
    def test_a_slot_has_one_holder_until_it_is_released(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            assert list(await store.acquire_slots(asked("a"), NOON)) == [True]
            assert list(await store.acquire_slots(asked("b"), NOON)) == [False]
            await store.release_slots(["b", "never"])
            assert list(await store.acquire_slots(asked("b"), NOON)) == [False]
            await store.release_slots(["a"])
            assert list(await store.acquire_slots(asked("b"), NOON)) == [True]
            assert list(await store.acquire_slots(asked("a"), NOON)) == [False]

        run_story(make_loop_store, story)

    @pytest.mark.parametrize("limit", [1, 3])
    def test_a_holder_may_ask_again(self, make_loop_store: MakeLoopStore, limit: int) -> None:
        async def story(store: LoopStore) -> None:
            for _ in range(4):
                assert list(await store.acquire_slots(asked("a", limit=limit), NOON)) == [True]
            twice = [*asked("a", limit=limit), *asked("a", limit=limit)]
            assert list(await store.acquire_slots(twice, NOON)) == [True, True]
            others = asked(*(f"b{n}" for n in range(limit)), limit=limit)
            assert sum(await store.acquire_slots(others, NOON)) == limit - 1

        run_story(make_loop_store, story)

    @pytest.mark.parametrize("limit", [1, 3])
    def test_the_next_attempt_of_a_job_takes_over_the_slot_of_the_one_that_died(
        self, make_loop_store: MakeLoopStore, limit: int
    ) -> None:
        async def story(store: LoopStore) -> None:
            first = [
                replace(r, job_id=f"job-{r.holder}") for r in asked("a", "b", "c", limit=limit)
            ]
            assert sum(await store.acquire_slots(first, NOON)) == limit
            assert not any(await store.acquire_slots(asked("late", limit=limit), NOON))
            second = replace(first[0], holder="a2")
            assert list(await store.acquire_slots([second], LATER)) == [True]
            await store.extend_slots(["a"], EXPIRED)
            await store.release_slots(["a"])
            assert not any(await store.acquire_slots(asked("late", limit=limit), LATER))
            await store.release_slots(["a2"])
            assert list(await store.acquire_slots(asked("late", limit=limit), LATER)) == [True]

        run_story(make_loop_store, story)

    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_a_batch_of_requests_gets_no_more_slots_than_the_limit(
        self, make_loop_store: MakeLoopStore, limit: int
    ) -> None:
        async def story(store: LoopStore) -> None:
            many = asked(*(f"a{n}" for n in range(8)), limit=limit)
            assert sum(await store.acquire_slots(many, NOON)) == limit
            assert not any(await store.acquire_slots(asked("late", limit=limit), NOON))

        run_story(make_loop_store, story)

    def test_tasks_and_namespaces_do_not_share_slots(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            (there,) = asked("c")
            several = [*asked("a"), *asked("b", task=REPORT), replace(there, namespace="other")]
            assert list(await store.acquire_slots(several, NOON)) == [True, True, True]
            await store.release_slots(["b", "c"])
            assert list(await store.acquire_slots(asked("d"), NOON)) == [False]
            assert list(await store.acquire_slots(asked("d", task=REPORT), NOON)) == [True]

        run_story(make_loop_store, story)

    @pytest.mark.parametrize("limit", [1, 3])
    def test_a_slot_that_is_not_extended_expires(
        self, make_loop_store: MakeLoopStore, limit: int
    ) -> None:
        async def story(store: LoopStore) -> None:
            first = asked(*(f"a{n}" for n in range(limit)), limit=limit)
            assert all(await store.acquire_slots(first, NOON))
            assert not any(await store.acquire_slots(asked("b", limit=limit), LATER))
            await store.extend_slots(["a0", "never"], LATER)
            second = asked(*(f"b{n}" for n in range(limit)), limit=limit)
            assert sum(await store.acquire_slots(second, EXPIRED)) == limit - 1
            assert list(await store.acquire_slots(first[:1], EXPIRED)) == [True]

        run_story(make_loop_store, story)

    def test_a_former_holder_neither_extends_nor_releases_the_slot(
        self, make_loop_store: MakeLoopStore
    ) -> None:
        async def story(store: LoopStore) -> None:
            await store.acquire_slots(asked("a"), NOON)
            assert list(await store.acquire_slots(asked("b"), EXPIRED)) == [True]
            await store.extend_slots(["a"], EXPIRED + timedelta(hours=1))
            await store.release_slots(["a"])
            assert list(await store.acquire_slots(asked("a"), EXPIRED)) == [False]
            after = EXPIRED + EXPIRY + timedelta(seconds=1)
            assert list(await store.acquire_slots(asked("a"), after)) == [True]

        run_story(make_loop_store, story)

    @pytest.mark.parametrize("limit", [1, 2])
    def test_a_lowered_limit_counts_those_that_started_before(
        self, make_loop_store: MakeLoopStore, limit: int
    ) -> None:
        async def story(store: LoopStore) -> None:
            first = asked("a0", "a1", "a2", limit=3)
            assert all(await store.acquire_slots(first, NOON))
            await store.release_slots(["a0"])
            lower = asked("b0", "b1", limit=limit)
            assert not any(await store.acquire_slots(lower, NOON))
            (again,) = asked("a1", limit=limit)
            assert list(await store.acquire_slots([again], NOON)) == [True]
            await store.release_slots(["a1", "a2"])
            assert sum(await store.acquire_slots(lower, NOON)) == limit

        run_story(make_loop_store, story)

    def test_concurrent_requests_share_the_limit(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            asking = [store.acquire_slots(asked(f"a{n}", limit=4), NOON) for n in range(12)]
            answers = await asyncio.gather(*asking)
            assert sum(answer for (answer,) in answers) == 4

        run_story(make_loop_store, story)

    def test_empty_requests_do_nothing(self, make_loop_store: MakeLoopStore) -> None:
        async def story(store: LoopStore) -> None:
            assert list(await store.acquire_slots([], NOON)) == []
            await store.extend_slots([], NOON)
            await store.release_slots([])

        run_story(make_loop_store, story)
