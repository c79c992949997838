"""A loop that begins while something else is wrong: the clock, or a history that is away."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.memory import MemoryHistory
from jvscheduler.loop.definition import revision_of
from jvscheduler.outcomes import Status
from tests.loop_parts import (
    MINUTE,
    NOON,
    SECOND,
    Story,
    completed,
    definition,
    run,
    settle,
    unending,
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


class Away(MemoryHistory):
    """What is spooled stays there."""

    async def ping(self) -> None:
        raise HistoryUnavailable("the history database is unavailable")


def test_a_run_of_an_earlier_loop_counts_towards_the_limit_while_the_history_is_away(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
        before = Story(tmp_path, unending)
        async with before:
            before.loop.put(definition())
            await before.clock.advance(NOON)
            before.kill()
        after = Story(tmp_path, unending, store=Away(), time=NOON + 30 * SECOND)
        after.loop.missing(HistoryUnavailable("the history database is unavailable"))
        async with after:
            after.runs.on_hello("worker-a", before.worker.claims())
            after.loop.put(definition())
            await after.clock.advance(NOON + MINUTE + SECOND)
            assert after.worker.went == []
            (adopted,) = before.worker.going.values()
            after.runs.on_ended(completed(adopted))
            await settle()
            await after.clock.advance(NOON + 2 * MINUTE + SECOND)
            assert len(after.worker.went) == 1

    run(tale)


def test_a_revision_that_cannot_be_read_costs_no_other_task_its_past(tmp_path: Path) -> None:
    """One that a newer version has written, say."""

    async def tale() -> None:
        before = Story(tmp_path)
        async with before:
            before.loop.put(definition())
            before.loop.put(definition(name="count"))
            await before.clock.advance(NOON)
            before.kill()
        unknown = revision_of(definition(), NOON).model_copy(update={"schedule": "every full moon"})
        await before.store.revise([unknown])
        async with Story(tmp_path, store=before.store, time=NOON + 150 * SECOND) as after:
            after.loop.put(definition())
            after.loop.put(definition(name="count"))
            await after.clock.advance(NOON + 4 * MINUTE)
            minutes = [NOON + MINUTE * n for n in range(5)]
            accounts = [(r.scheduled_time, r.status) for r in await after.records("count")]
            assert accounts == [
                (minutes[0], Status.COMPLETED),
                (minutes[1], Status.MISSED),
                *((minute, Status.COMPLETED) for minute in minutes[2:]),
            ]
            ran = [r.scheduled_time for r in await after.records()]
            assert ran == [minutes[0], minutes[3], minutes[4]]
            (*_, newest) = await after.store.revisions("shop", ["shop.tasks.restock"])
            assert newest.schedule == "every minute"

    run(tale)
