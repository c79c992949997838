"""The queue of keys: each waits once, is processed by one worker, and has its own backoff."""

import asyncio
from collections.abc import Awaitable, Callable

from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.objects.manifests import Key

A, B = Key("shop", "a"), Key("shop", "b")
LONG = 3600.0

Scenario = Callable[[WorkQueue], Awaitable[None]]


def run(scenario: Scenario) -> None:
    async def opened() -> None:
        queue = WorkQueue(jitter=lambda: 0.0)
        try:
            await asyncio.wait_for(scenario(queue), timeout=60)
        finally:
            queue.close()

    asyncio.run(opened())


def test_a_key_added_often_is_processed_once() -> None:
    async def scenario(queue: WorkQueue) -> None:
        for _ in range(100):
            queue.add(A)
        queue.add(B)
        assert [await queue.get(), await queue.get()] == [A, B]
        assert len(queue) == 0

    run(scenario)


def test_a_key_added_while_it_is_processed_waits_until_that_is_done() -> None:
    async def scenario(queue: WorkQueue) -> None:
        queue.add(A)
        key = await queue.get()
        queue.add(A)
        queue.add(A)
        assert len(queue) == 0
        queue.done(key)
        assert len(queue) == 1
        assert await queue.get() == A
        queue.done(A)
        assert len(queue) == 0

    run(scenario)


def test_a_worker_waits_for_a_key() -> None:
    async def scenario(queue: WorkQueue) -> None:
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.add(A)
        assert await waiting == A

    run(scenario)


def test_a_delayed_key_is_added_after_its_delay() -> None:
    async def scenario(queue: WorkQueue) -> None:
        queue.add_after(A, 0.01)
        assert len(queue) == 0
        assert await queue.get() == A

    run(scenario)


def test_a_new_delay_replaces_the_earlier_one() -> None:
    async def scenario(queue: WorkQueue) -> None:
        queue.add_after(A, LONG)
        queue.add_after(A, 0)
        assert await queue.get() == A
        queue.done(A)
        queue.add_after(A, 0)
        queue.add_after(A, None)
        queue.add_after(B, 0.01)
        assert await queue.get() == B
        assert len(queue) == 0

    run(scenario)


def test_each_failure_of_a_key_doubles_the_delay_of_that_key_only() -> None:
    async def scenario(queue: WorkQueue) -> None:
        assert [queue.retry(A) for _ in range(10)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert queue.retry(B) == 0.5
        queue.succeeded(A)
        assert queue.retry(A) == 0.5

    run(scenario)


def test_the_backoff_is_at_least_what_the_server_asks_for() -> None:
    async def scenario(queue: WorkQueue) -> None:
        assert queue.retry(A, at_least=7) == 7
        for _ in range(5):
            queue.retry(A)
        assert queue.retry(A, at_least=7) == 32

    run(scenario)


def test_a_namespace_whose_keys_fail_leaves_workers_for_the_others() -> None:
    keys = [Key("shop", str(number)) for number in range(10)]
    other = Key("office", "a")

    async def scenario(queue: WorkQueue) -> None:
        queue.retry(keys[0])
        for key in (*keys[1:], other):
            queue.add(key)
        taken = [await queue.get() for _ in range(5)]
        assert taken == [*keys[1:5], other]
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert len(queue) == 5
        queue.done(keys[1])
        assert await waiting == keys[5]
        queue.succeeded(keys[0])
        assert [await queue.get() for _ in range(4)] == keys[6:]
        assert len(queue) == 0

    run(scenario)
