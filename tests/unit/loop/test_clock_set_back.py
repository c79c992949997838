"""A loop begins with a clock that is behind the latest record in the history."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    Story,
    definition,
    run,
)

HOUR = timedelta(hours=1)


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
