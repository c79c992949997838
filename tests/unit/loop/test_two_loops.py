"""One loop takes over from another that still lives in another pod: neither spoils the other's
records."""

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


def test_an_instant_in_the_spool_of_a_loop_in_another_pod_was_not_missed(tmp_path: Path) -> None:
    """The next loop began, and the history came back, before the spool was replayed."""

    async def scenario() -> None:
        store = MovableHistory()
        async with Story(tmp_path / "one", store=store) as first:
            first.loop.put(definition())
            await first.clock.advance(NOON)
            store.away = True
            await first.clock.advance(NOON + 90 * SECOND)
            await first.stop()
            async with Story(tmp_path / "two", store=store, time=NOON + 91 * SECOND) as successor:
                successor.loop.put(definition())
                await successor.clock.advance(NOON + 150 * SECOND)
                store.away = False
                await successor.clock.advance(NOON + 160 * SECOND)
                settling = asyncio.create_task(first.loop.settle(asyncio.Event(), "lost"))
                await first.clock.advance(NOON + 160 * SECOND)
                await settling
                await successor.clock.advance(NOON + 190 * SECOND)
                facts = [(r.scheduled_time, r.status) for r in await successor.records()]
                assert facts == [(NOON + n * MINUTE, Status.COMPLETED) for n in range(4)]
                assert await findings(successor) == {}

    run(scenario)


def test_a_run_of_a_loop_in_another_pod_is_not_lost_because_the_history_was_away(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        store = MovableHistory()
        async with Story(tmp_path / "one", unending, store) as first:
            first.loop.put(definition("hourly"))
            await first.clock.advance(NOON + SECOND)
            store.away = True
            await first.clock.advance(NOON + 2 * MINUTE)
            begin = NOON + 62 * SECOND
            async with Story(tmp_path / "two", store=store, time=begin) as successor:
                successor.loop.put(definition("hourly"))
                await successor.clock.advance(NOON + 2 * MINUTE)
                store.away = False
                for second in range(120, 180):
                    for story in (successor, first):
                        await story.clock.advance(NOON + second * SECOND)
                    assert [r.status for r in await successor.records()] == [Status.RUNNING]

    run(scenario)


def test_after_the_stop_an_edit_and_a_deletion_are_left_to_the_next_loop(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON + SECOND)
            await story.stop()
            story.loop.put(definition("every 20 seconds"))
            story.loop.remove("restock", handed_over=False)
            await story.clock.advance(NOON + MINUTE)
            (revision,) = await story.store.revisions("shop")
            assert (revision.schedule, revision.removed) == ("every minute", False)

    run(scenario)
