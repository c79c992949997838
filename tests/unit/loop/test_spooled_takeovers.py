"""A loop begins while the history is away and ends before it is back: the next one settles all."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from jvscheduler.loop.recording.spool import Spool
from jvscheduler.outcomes import Status
from tests.support.history.findings import findings_of
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    Story,
    away_since_noon,
    definition,
    findings,
    run,
)

TASK = ("shop", "shop.tasks.restock")


def _nothing(_: Story) -> None:
    """The task stays as it is."""


def _edit(story: Story) -> None:
    story.loop.put(definition("every 25 seconds"))


def _delete(story: Story) -> None:
    story.loop.remove("restock", handed_over=False)


@pytest.mark.parametrize("first", ["every minute", "every 40 seconds"])
@pytest.mark.parametrize("change", [_nothing, _edit, _delete])
@pytest.mark.parametrize("back", [0, 1], ids=["at once", "and away once more"])
def test_instants_before_a_loop_that_never_reached_the_history_have_their_records(
    tmp_path: Path, first: str, change: Callable[[Story], None], back: int
) -> None:
    """The loop in between served the task by `first`. Before, it was due every minute."""

    async def scenario() -> None:
        store = await away_since_noon(tmp_path)
        for start in range(1 + back):
            begin = NOON + (150 + 100 * start) * SECOND
            async with Story(tmp_path, store=store, time=begin) as between:
                between.loop.put(definition(first))
                await between.clock.advance(begin + 70 * SECOND)
                change(between)
                await between.clock.advance(begin + 90 * SECOND)
                between.kill()
        store.away = False
        async with Story(tmp_path, store=store, time=NOON + 400 * SECOND) as after:
            after.loop.put(definition())
            await after.clock.advance(NOON + 8 * MINUTE)
            assert await findings(after) == {}
            records = await after.records()
            missed = [r for r in records if r.status is Status.MISSED]
            assert missed[0].scheduled_time == NOON + MINUTE
            assert missed[0].instants == 2
            assert sum(r.status is Status.COMPLETED for r in records) >= 3

    run(scenario)


def test_a_loop_that_ends_while_it_waits_for_the_spools_of_others_leaves_all_to_the_next(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        store = await away_since_noon(tmp_path)
        async with Story(tmp_path, store=store, time=NOON + 150 * SECOND) as between:
            between.loop.put(definition())
            await between.clock.advance(NOON + 200 * SECOND)
            store.away = False
            await between.clock.advance(NOON + 210 * SECOND)
            assert len(await between.records()) == 2, "noon's and its own"
            between.kill()
        async with Story(tmp_path, store=store, time=NOON + 220 * SECOND) as after:
            after.loop.put(definition())
            await after.clock.advance(NOON + 250 * SECOND)
            assert await findings(after) == {}

    run(scenario)


def test_a_loop_that_stops_before_it_has_settled_a_takeover_does_so_at_its_end(
    tmp_path: Path,
) -> None:
    """Its disk is deleted with it."""

    async def scenario() -> None:
        store = await away_since_noon(tmp_path / "before")
        async with Story(tmp_path / "gone", store=store, time=NOON + 150 * SECOND) as ending:
            ending.loop.put(definition())
            await ending.clock.advance(NOON + 200 * SECOND)
            await ending.stop()
            settling = asyncio.create_task(ending.loop.settle(asyncio.Event(), "lost"))
            await ending.clock.advance(NOON + 210 * SECOND)
            assert not settling.done()
            store.away = False
            await ending.clock.advance(NOON + 230 * SECOND)
            assert settling.done()
            assert await findings_of(store, TASK, NOON, NOON + 200 * SECOND) == {}

    run(scenario)


def test_a_settled_takeover_is_no_longer_on_disk(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = await away_since_noon(tmp_path)
        async with Story(tmp_path, store=store, time=NOON + 150 * SECOND) as after:
            after.loop.put(definition())
            await after.clock.advance(NOON + 160 * SECOND)
            store.away = False
            await after.clock.advance(NOON + 161 * SECOND)
            assert not Spool(tmp_path).is_empty
            await after.clock.advance(NOON + 178 * SECOND)
            assert Spool(tmp_path).is_empty
            assert await findings(after) == {}

    run(scenario)


def test_instants_before_a_loop_that_handed_the_task_over_unsettled_have_their_records(
    tmp_path: Path,
) -> None:
    """A CronJob has the task now: no other loop settles the time before."""

    async def scenario() -> None:
        store = await away_since_noon(tmp_path)
        async with Story(tmp_path, store=store, time=NOON + 150 * SECOND) as between:
            between.loop.put(definition())
            await between.clock.advance(NOON + 200 * SECOND)
            between.loop.remove("restock", handed_over=True)
            store.away = False
            await between.clock.advance(NOON + 210 * SECOND)
            assert await findings(between) == {}
            facts = [(r.status, r.instants) for r in await between.records()]
            assert facts == [(Status.COMPLETED, 1), (Status.MISSED, 2), (Status.COMPLETED, 1)]

    run(scenario)


def test_a_loop_that_reaches_the_history_again_settles_its_takeover_itself(tmp_path: Path) -> None:
    """So the latest instant still runs: it is late, but within its deadline."""

    async def scenario() -> None:
        store = await away_since_noon(tmp_path, definition("every 10 minutes"))
        async with Story(tmp_path, store=store, time=NOON + 11 * MINUTE) as after:
            after.loop.put(definition("every 10 minutes"))
            await after.clock.advance(NOON + 12 * MINUTE)
            store.away = False
            await after.clock.advance(NOON + 13 * MINUTE)
            (*_, last) = await after.records()
            facts = (last.scheduled_time, last.status)
            assert facts == (NOON + 10 * MINUTE, Status.COMPLETED)

    run(scenario)
