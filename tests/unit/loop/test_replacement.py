"""A replacing task and the jobs of an earlier loop."""

from datetime import datetime
from pathlib import Path

import pytest

from jvscheduler.outcomes import Reason, Status
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    Story,
    definition,
    killed_at_noon,
    run,
    unending,
)


def test_a_replacing_task_ends_a_run_that_an_earlier_loop_started(tmp_path: Path) -> None:
    async def scenario() -> None:
        known = definition(replaces=True)
        before = await killed_at_noon(tmp_path, known, unending)
        claims = before.worker.claims()
        async with Story(
            tmp_path, unending, before.store, NOON + 30 * SECOND, inherits=claims
        ) as after:
            after.worker.going |= before.worker.going
            after.loop.put(known)
            await after.clock.advance(NOON + MINUTE + SECOND)
            statuses = [(r.status, r.reason) for r in await after.records()]
            assert statuses == [(Status.FAILED, Reason.REPLACED), (Status.RUNNING, None)]

    run(scenario)


def test_a_replacing_task_ends_a_run_of_a_loop_that_another_one_replaces(tmp_path: Path) -> None:
    """At a rollout the old pod lets its jobs end, and the new one already serves the task."""

    async def scenario() -> None:
        known = definition(replaces=True)
        async with Story(tmp_path / "old", unending) as old:
            old.loop.put(known)
            await old.clock.advance(NOON + SECOND)
            async with Story(tmp_path / "new", unending, old.store, NOON + 2 * SECOND) as new:
                new.loop.put(known)
                old.loop.remove("restock", handed_over=True)
                await _advance_both(old, new, NOON + MINUTE - SECOND)
                assert [r.status for r in await old.records()] == [Status.RUNNING]
                await _advance_both(old, new, NOON + MINUTE + 3 * SECOND)
                statuses = [(r.status, r.reason) for r in await new.records()]
                assert statuses == [(Status.FAILED, Reason.REPLACED), (Status.RUNNING, None)]

    run(scenario)


async def _advance_both(old: Story, new: Story, until: datetime) -> None:
    """Let the two clocks run together, so that heartbeats of one come in time for the other."""
    while new.clock.now() < until:
        step = min(new.clock.now() + SECOND, until)
        await old.clock.advance(step)
        await new.clock.advance(step)


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "not replacing"])
def test_a_run_that_nothing_replaces_goes_on(tmp_path: Path, deleted: bool) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition(replaces=deleted))
            await story.clock.advance(NOON + SECOND)
            story.loop.remove("restock", handed_over=not deleted)
            await story.clock.advance(NOON + 3 * MINUTE)
            assert [r.status for r in await story.records()] == [Status.RUNNING]

    run(scenario)
