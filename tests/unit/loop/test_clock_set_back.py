"""A loop that begins with a clock that is behind what the history has an account of."""

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
    """Every instant that has an account, one account after the other."""
    records = await story.records()
    return [
        instant
        for record in records
        if record.scheduled_time is not None
        for instant in (record.scheduled_time + MINUTE * n for n in range(record.instants))
    ]


@pytest.mark.parametrize("schedule", ["every minute", "every 2 minutes"])
def test_a_loop_whose_clock_is_back_repeats_nothing_of_what_an_earlier_one_recorded(
    tmp_path: Path, schedule: str
) -> None:
    """Here a clock that was an hour ahead is put right."""

    async def tale() -> None:
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
        found = await _recorded(after)
        assert found[: len(known)] == known
        assert len(set(found)) == len(found)

    run(tale)
