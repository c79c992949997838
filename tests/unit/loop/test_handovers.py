"""Edits, handovers and ends just before an instant: who has it in hand accounts for it.

A loop looks half a second ahead, so that what comes after that belongs to the old definition.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler.history.records.timeline import Timeline
from jvscheduler.outcomes import Reason, Status
from tests.support.history.findings import findings_of
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    START,
    Story,
    completed,
    definition,
    failed,
    run,
)

JUST_BEFORE = NOON + 10 * SECOND - timedelta(milliseconds=400)
OLD = definition("every 10 seconds")
NEW = definition("every 45 seconds")


async def due(story: Story, end: datetime) -> list[datetime]:
    """By the history's own word."""
    definitions = Timeline(await story.store.revisions("shop", ["shop.tasks.restock"]))
    return [one.instant for one in definitions.due(START, end)]


async def accounted(story: Story, end: datetime) -> list[datetime]:
    found: list[datetime] = []
    for record in await story.records():
        assert record.scheduled_time is not None
        last = record.last_scheduled_time or record.scheduled_time
        found += OLD.task.schedule.between(record.scheduled_time - SECOND, last)
    return [instant for instant in found if instant <= end]


def _hand_over(story: Story) -> None:
    story.loop.remove("restock", handed_over=True)


def _edit_and_hand_over(story: Story) -> None:
    story.loop.put(NEW)
    story.loop.remove("restock", handed_over=True)


def _edit_and_delete(story: Story) -> None:
    story.loop.put(NEW)
    story.loop.remove("restock", handed_over=False)


def _delete(story: Story) -> None:
    story.loop.remove("restock", handed_over=False)


@pytest.mark.parametrize(
    ("change", "end"),
    [
        pytest.param(_hand_over, NOON + 10 * SECOND, id="handed over"),
        pytest.param(_edit_and_hand_over, NOON + 10 * SECOND, id="edited and handed over"),
        pytest.param(_delete, NOON + 2 * MINUTE, id="deleted"),
        pytest.param(_edit_and_delete, NOON + 2 * MINUTE, id="edited and deleted"),
    ],
)
def test_an_instant_in_hand_has_its_record_whatever_becomes_of_its_task(
    tmp_path: Path, change: Callable[[Story], None], end: datetime
) -> None:
    async def tale() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(OLD)
            await story.clock.advance(JUST_BEFORE)
            change(story)
            await story.clock.advance(NOON + 2 * MINUTE)
            assert await accounted(story, end) == await due(story, end)

    run(tale)


def test_a_job_that_was_handed_over_makes_no_further_attempt(tmp_path: Path) -> None:
    async def tale() -> None:
        async with Story(tmp_path, failed) as story:
            story.loop.put(definition("every 10 seconds", retry_count=2))
            await story.clock.advance(JUST_BEFORE)
            _hand_over(story)
            await story.clock.advance(NOON + 5 * MINUTE)
            *_, last = await story.records()
            assert (last.scheduled_time, last.status) == (NOON + 10 * SECOND, Status.PENDING)
            assert len(last.attempts) == 1

    run(tale)


def test_a_loop_that_ends_makes_the_claim_of_what_it_handed_over(tmp_path: Path) -> None:
    """Its Deployment goes as soon as no task needs it."""

    async def tale() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(OLD)
            await story.clock.advance(JUST_BEFORE)
            _edit_and_hand_over(story)
            await story.stop()
            assert (await accounted(story, NOON + MINUTE))[-1] == NOON + 10 * SECOND

    run(tale)


def test_an_instant_in_hand_of_a_loop_that_was_killed_after_an_edit_is_missed(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        before = Story(tmp_path)
        async with before:
            before.loop.put(OLD)
            await before.clock.advance(JUST_BEFORE)
            before.loop.put(NEW)
            await before.clock.advance(JUST_BEFORE)
            before.kill()
        async with Story(tmp_path, completed, before.store, NOON + 15 * SECOND) as after:
            after.loop.put(NEW)
            await after.clock.advance(NOON + 30 * SECOND)
            *_, last = await after.records()
            told = (last.scheduled_time, last.status, last.reason)
            assert told == (NOON + 10 * SECOND, Status.MISSED, Reason.LOOP_DOWN)

    run(tale)


def test_two_edits_just_before_an_instant_are_two_definitions(tmp_path: Path) -> None:
    async def tale() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(OLD)
            await story.clock.advance(JUST_BEFORE)
            for schedule in ("hourly", "every 45 seconds"):
                story.loop.put(definition(schedule))
            await story.clock.advance(NOON + 2 * MINUTE)
            known = await story.store.revisions("shop")
            assert [r.schedule for r in known] == ["every 10 seconds", "hourly", "every 45 seconds"]
            told = [r.scheduled_time for r in await story.records()]
            assert told == await due(story, NOON + 2 * MINUTE)

    run(tale)


@pytest.mark.parametrize("enabled", [True, False], ids=["it ran", "suspended"])
def test_what_a_loop_accounted_for_that_had_a_task_for_a_moment_was_due(
    tmp_path: Path, enabled: bool
) -> None:
    """It gave it away before it had asked the history for what was there before."""

    async def tale() -> None:
        async with Story(tmp_path, time=START + 0.9 * SECOND) as story:
            await story.clock.advance(NOON + 0.95 * SECOND)
            story.loop.put(definition("every second", enabled=enabled))
            await story.clock.advance(NOON + 1.45 * SECOND)
            story.loop.put(definition())
            story.loop.remove("restock", handed_over=True)
            await story.clock.advance(NOON + 5 * SECOND)
            (record,) = await story.records()
            assert record.scheduled_time == NOON + SECOND
            task = ("shop", "shop.tasks.restock")
            assert await findings_of(story.store, task, NOON, NOON + 1.9 * SECOND) == {}

    run(tale)
