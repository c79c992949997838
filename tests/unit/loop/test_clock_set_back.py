"""A loop's clock is set back, or is behind what the history has already."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler.outcomes import Status
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
    unending,
)

HOUR = timedelta(hours=1)
TASK = ("shop", "shop.tasks.restock")


async def _recorded(story: Story) -> list[datetime]:
    """Every instant that has a record, one record after the other."""
    records = await story.records()
    return [
        instant
        for record in records
        if record.scheduled_time is not None
        for instant in (record.scheduled_time + MINUTE * n for n in range(record.instants))
    ]


@pytest.mark.parametrize("schedule", ["every minute", "every 2 minutes"])
def test_a_loop_whose_clock_was_set_back_repeats_no_instant_that_has_a_record(
    tmp_path: Path, schedule: str
) -> None:
    """The clock was an hour ahead, and is right again."""

    async def scenario() -> None:
        before = Story(tmp_path)
        async with before:
            before.loop.put(definition())
            await before.clock.advance(NOON)
            before.clock.time += HOUR
            await before.clock.advance(NOON + HOUR + 30 * SECOND)
            before.kill()
        known = await _recorded(before)
        async with Story(tmp_path, store=before.store, time=NOON + 30 * SECOND) as after:
            after.loop.put(definition(schedule))
            await after.clock.advance(NOON + HOUR + 30 * SECOND)
            assert after.worker.went == []
            await after.clock.advance(NOON + HOUR + 150 * SECOND)
            assert after.worker.went
        recorded = await _recorded(after)
        assert recorded[: len(known)] == known
        assert len(set(recorded)) == len(recorded)

    run(scenario)


@pytest.mark.parametrize("schedule", ["every 10 seconds", "every 20 seconds"])
def test_a_clock_set_back_before_the_first_record_makes_nothing_due(
    tmp_path: Path, schedule: str
) -> None:
    """The loop is killed while the clock is back. Then the clock is right again."""

    async def scenario() -> None:
        async with Story(tmp_path) as before:
            before.loop.put(definition("every 10 seconds"))
            await before.clock.advance(START + 5 * SECOND)
            before.kill()
        back = START - HOUR
        async with Story(tmp_path, store=before.store, time=back) as after:
            after.loop.put(definition(schedule))
            await after.clock.advance(back + 15 * SECOND)
            after.clock.time += HOUR + 10 * SECOND
            await after.clock.advance(NOON + MINUTE)
            assert after.worker.went
            found = await findings_of(after.store, TASK, NOON - 2 * HOUR, NOON + MINUTE)
            assert found == {}

    run(scenario)


def test_a_retry_after_the_clock_was_set_back_comes_after_the_attempt_before(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition(retry_count=1))
            await story.clock.advance(NOON)
            story.clock.time -= HOUR
            (first,) = story.worker.going.values()
            ended = failed(first)
            story.worker.end(replace(ended, ended_at=ended.started_at + 5))
            story.worker.script = completed
            await story.clock.advance(NOON - HOUR + 30 * SECOND)
            (record,) = await story.records()
            statuses = [attempt["status"] for attempt in record.attempts]
            assert statuses == ["failed", "completed"]
            times = [attempt["start_time"] for attempt in record.attempts]
            assert times[1] == record.attempts[0]["completion_time"]
            assert record.status is Status.COMPLETED
            found = await findings_of(story.store, TASK, START, NOON)
            assert found == {}

    run(scenario)


def test_an_attempt_that_is_lost_while_the_clock_is_back_does_not_end_before_its_start(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON)
            story.clock.time -= HOUR
            story.loop.worker_listener.on_hello("worker-b", {})
            await story.clock.advance(NOON - HOUR + SECOND)
            (record,) = await story.records()
            assert (record.status, record.completed_at) == (Status.FAILED, NOON)
            assert record.duration_seconds == 0

    run(scenario)
