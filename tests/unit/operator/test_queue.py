"""The queue of keys."""

import asyncio
from collections.abc import Awaitable, Callable

from jvscheduler_operator.controller.queue import WorkQueue
from jvscheduler_operator.objects.manifests import Key

A, B = Key("shop", "a"), Key("shop", "b")
LONG = 3600.0

Story = Callable[[WorkQueue], Awaitable[None]]


def tell(story: Story) -> None:
    async def opened() -> None:
        queue = WorkQueue(jitter=lambda: 0.0)
        try:
            await asyncio.wait_for(story(queue), timeout=60)
        finally:
            queue.close()

    asyncio.run(opened())


def test_a_key_added_often_is_worked_on_once() -> None:
    async def story(queue: WorkQueue) -> None:
        for _ in range(100):
            queue.add(A)
        queue.add(B)
        assert [await queue.get(), await queue.get()] == [A, B]
        assert len(queue) == 0

    tell(story)


def test_a_key_added_during_its_work_waits_until_that_is_done() -> None:
    async def story(queue: WorkQueue) -> None:
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

    tell(story)


def test_a_worker_waits_for_a_key() -> None:
    async def story(queue: WorkQueue) -> None:
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.add(A)
        assert await waiting == A

    tell(story)


def test_a_delayed_key_comes_later() -> None:
    async def story(queue: WorkQueue) -> None:
        queue.add_after(A, 0.01)
        assert len(queue) == 0
        assert await queue.get() == A

    tell(story)


def test_the_last_word_about_a_delay_counts() -> None:
    async def story(queue: WorkQueue) -> None:
        queue.add_after(A, LONG)
        queue.add_after(A, 0)
        assert await queue.get() == A
        queue.done(A)
        queue.add_after(A, 0)
        queue.add_after(A, None)
        queue.add_after(B, 0.01)
        assert await queue.get() == B
        assert len(queue) == 0

    tell(story)


def test_failures_of_one_key_double_its_delay_and_no_others() -> None:
    async def story(queue: WorkQueue) -> None:
        assert [queue.retry(A) for _ in range(10)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert queue.retry(B) == 0.5
        queue.succeeded(A)
        assert queue.retry(A) == 0.5

    tell(story)


def test_a_server_that_asks_for_time_gets_it() -> None:
    async def story(queue: WorkQueue) -> None:
        assert queue.retry(A, at_least=7) == 7
        for _ in range(5):
            queue.retry(A)
        assert queue.retry(A, at_least=7) == 32

    tell(story)
