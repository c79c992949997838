"""One loop takes over from another that still lives, in another pod: neither spoils what the other
has to tell."""

import asyncio
from pathlib import Path

from jvscheduler.outcomes import Status
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    MovableHistory,
    Story,
    definition,
    findings,
    run,
    unending,
)


def test_what_a_loop_in_another_pod_has_spooled_was_not_missed(tmp_path: Path) -> None:
    """Its successor began, and the history came back, before it could tell."""

    async def tale() -> None:
        store = MovableHistory()
        async with Story(tmp_path / "one", store=store) as one:
            one.loop.put(definition())
            await one.clock.advance(NOON)
            store.away = True
            await one.clock.advance(NOON + 90 * SECOND)
            await one.stop()
            async with Story(tmp_path / "two", store=store, time=NOON + 91 * SECOND) as two:
                two.loop.put(definition())
                await two.clock.advance(NOON + 150 * SECOND)
                store.away = False
                await two.clock.advance(NOON + 160 * SECOND)
                telling = asyncio.create_task(one.loop.settle(asyncio.Event(), "lost"))
                await one.clock.advance(NOON + 160 * SECOND)
                await telling
                await two.clock.advance(NOON + 190 * SECOND)
                told = [(r.scheduled_time, r.status) for r in await two.records()]
                assert told == [(NOON + n * MINUTE, Status.COMPLETED) for n in range(4)]
                assert await findings(two) == {}

    run(tale)


def test_a_run_of_a_loop_in_another_pod_is_not_lost_because_the_history_was_away(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        store = MovableHistory()
        async with Story(tmp_path / "one", unending, store) as one:
            one.loop.put(definition("hourly"))
            await one.clock.advance(NOON + SECOND)
            store.away = True
            await one.clock.advance(NOON + 2 * MINUTE)
            begin = NOON + 62 * SECOND
            async with Story(tmp_path / "two", store=store, time=begin) as two:
                two.loop.put(definition("hourly"))
                await two.clock.advance(NOON + 2 * MINUTE)
                store.away = False
                for second in range(120, 180):
                    for story in (two, one):
                        await story.clock.advance(NOON + second * SECOND)
                    assert [r.status for r in await two.records()] == [Status.RUNNING]

    run(tale)


def test_a_loop_that_was_told_to_stop_leaves_an_edit_and_a_deletion_to_the_next(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON + SECOND)
            await story.stop()
            story.loop.put(definition("every 20 seconds"))
            story.loop.remove("restock", handed_over=False)
            await story.clock.advance(NOON + MINUTE)
            (revision,) = await story.store.revisions("shop")
            assert (revision.schedule, revision.removed) == ("every minute", False)

    run(tale)
