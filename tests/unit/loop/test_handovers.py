"""Edits, handovers and ends just before an instant: the loop that has decided it records it.

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
    """The instants that were due, by the revisions in the history."""
    timeline = Timeline(await story.store.revisions("shop", ["shop.tasks.restock"]))
    return [due_instant.instant for due_instant in timeline.due(START, end)]


async def recorded(story: Story, end: datetime) -> list[datetime]:
    instants: list[datetime] = []
    for record in await story.records():
        assert record.scheduled_time is not None
        last = record.last_scheduled_time or record.scheduled_time
        instants += OLD.task.schedule.between(record.scheduled_time - SECOND, last)
    return [instant for instant in instants if instant <= end]


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
def test_a_decided_instant_has_its_record_whatever_becomes_of_its_task(
    tmp_path: Path, change: Callable[[Story], None], end: datetime
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(OLD)
            await story.clock.advance(JUST_BEFORE)
            change(story)
            await story.clock.advance(NOON + 2 * MINUTE)
            assert await recorded(story, end) == await due(story, end)

    run(scenario)


def test_a_job_that_was_handed_over_makes_no_further_attempt(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, failed) as story:
            story.loop.put(definition("every 10 seconds", retry_count=2))
            await story.clock.advance(JUST_BEFORE)
            _hand_over(story)
            await story.clock.advance(NOON + 5 * MINUTE)
            *_, last = await story.records()
            assert (last.scheduled_time, last.status) == (NOON + 10 * SECOND, Status.PENDING)
            assert len(last.attempts) == 1

    run(scenario)


def test_a_loop_that_ends_still_claims_an_instant_of_a_task_it_handed_over(
    tmp_path: Path,
) -> None:
    """Its Deployment is deleted as soon as no task needs it."""

    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(OLD)
            await story.clock.advance(JUST_BEFORE)
            _edit_and_hand_over(story)
            await story.stop()
            assert (await recorded(story, NOON + MINUTE))[-1] == NOON + 10 * SECOND

    run(scenario)


def test_a_decided_instant_of_a_loop_that_was_killed_after_an_edit_is_missed(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
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
            facts = (last.scheduled_time, last.status, last.reason)
            assert facts == (NOON + 10 * SECOND, Status.MISSED, Reason.LOOP_DOWN)

    run(scenario)


def test_two_edits_just_before_an_instant_are_two_definitions(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(OLD)
            await story.clock.advance(JUST_BEFORE)
            for schedule in ("hourly", "every 45 seconds"):
                story.loop.put(definition(schedule))
            await story.clock.advance(NOON + 2 * MINUTE)
            known = await story.store.revisions("shop")
            assert [r.schedule for r in known] == ["every 10 seconds", "hourly", "every 45 seconds"]
            recorded_times = [r.scheduled_time for r in await story.records()]
            assert recorded_times == await due(story, NOON + 2 * MINUTE)

    run(scenario)


@pytest.mark.parametrize("enabled", [True, False], ids=["it ran", "suspended"])
def test_an_instant_that_a_loop_recorded_while_it_had_a_task_for_a_moment_was_due(
    tmp_path: Path, enabled: bool
) -> None:
    """It handed the task over before it had asked the history about the time before."""

    async def scenario() -> None:
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

    run(scenario)
