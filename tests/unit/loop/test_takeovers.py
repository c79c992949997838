"""Every instant before a takeover gets its record, however long the downtime was."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from jvscheduler.due_instants import decide
from jvscheduler.due_instants.definition import revision_of
from jvscheduler.outcomes import Status, Stretch
from jvscheduler.testing.history import MemoryHistory
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    Story,
    away_since_noon,
    definition,
    findings,
    killed_at_noon,
    run,
)

MOST = 4


class SlowHistory(MemoryHistory):
    """Takes this many calls for stretches, and answers no further one."""

    def __init__(self, most: int = 1000) -> None:
        super().__init__()
        self.most = most
        self.calls: list[int] = []
        """Instants in each call."""

    async def record_stretches(self, stretches: Sequence[Stretch]) -> None:
        if len(self.calls) == self.most:
            await asyncio.Event().wait()
        self.calls.append(sum(stretch.count for stretch in stretches))
        await super().record_stretches(stretches)


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "MOST_IN_A_STRETCH", MOST)


def test_a_long_downtime_is_recorded_a_part_at_a_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, known = SlowHistory(), definition("every 10 seconds")
        await killed_at_noon(tmp_path, known, store=store)
        async with Story(tmp_path, store=store, time=NOON + 115 * SECOND) as after:
            after.loop.put(known)
            await after.clock.advance(NOON + 117 * SECOND)
            assert store.calls == [MOST, MOST, 2]
            assert len(after.worker.went) == 1, "the latest runs"

    run(scenario)


def test_no_due_instant_waits_until_a_downtime_is_recorded(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, known = SlowHistory(most=1), definition("every 10 seconds")
        await killed_at_noon(tmp_path, known, store=store)
        after = Story(tmp_path, store=store, time=NOON + 115 * SECOND)
        after.loop.put(known)
        after.loop.put(definition(name="report"))
        async with after:
            await after.clock.advance(NOON + 120 * SECOND)
            after.kill()
            assert store.calls == [MOST], "the history takes no more of it"
            names = sorted(name.rpartition("-")[0] for name, _ in after.worker.went)
            assert names == ["report", "restock"]

    run(scenario)


def test_after_a_loop_was_killed_while_it_recorded_a_downtime_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        store, known = SlowHistory(most=1), definition("every 10 seconds")
        await killed_at_noon(tmp_path, known, store=store)
        async with Story(tmp_path, store=store, time=NOON + 115 * SECOND) as killed:
            killed.loop.put(known)
            await killed.clock.advance(NOON + 117 * SECOND)
            killed.kill()
        store.most = 1000
        async with Story(tmp_path, store=store, time=NOON + 125 * SECOND) as after:
            after.loop.put(known)
            await after.clock.advance(NOON + 127 * SECOND)
            records = [
                r for r in await after.records() if r.scheduled_time and r.scheduled_time > NOON
            ]
            assert sum(r.instants for r in records if r.status is Status.MISSED) == 11
            assert [r.scheduled_time for r in records if r.status is Status.COMPLETED] == [
                NOON + 120 * SECOND
            ]

    run(scenario)


@pytest.mark.parametrize(
    ("later", "runs"),
    [
        pytest.param("every minute", [NOON + 5 * MINUTE], id="the same: the latest instant runs"),
        pytest.param("every 7 minutes", [], id="another: the old one's instants do not run"),
    ],
)
def test_the_time_in_which_no_spec_was_valid_is_recorded_by_the_last_valid_one(
    tmp_path: Path, later: str, runs: list[datetime]
) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition())
        async with Story(tmp_path, store=before.store, time=NOON + MINUTE / 2) as after:
            await after.clock.advance(NOON + 5 * MINUTE + MINUTE / 2)
            after.loop.put(definition(later))
            await after.clock.advance(NOON + 5 * MINUTE + 50 * SECOND)
            records = [r for r in await after.records() if r.status is Status.COMPLETED]
            assert [r.scheduled_time for r in records if r.scheduled_time != NOON] == runs
            assert await findings(after) == {}

    run(scenario)


@pytest.mark.parametrize("deleted", [False, True], ids=["edited", "deleted and made anew"])
def test_a_change_before_a_takeover_is_settled_leaves_no_instant_without_a_record(
    tmp_path: Path, deleted: bool
) -> None:
    async def scenario() -> None:
        store = await away_since_noon(tmp_path)
        async with Story(tmp_path, store=store, time=NOON + 150 * SECOND) as after:
            after.loop.put(definition())
            await after.clock.advance(NOON + 160 * SECOND)
            if deleted:
                after.loop.remove("restock", handed_over=False)
            await after.clock.advance(NOON + 200 * SECOND)
            after.loop.put(definition("every 25 seconds"))
            await after.clock.advance(NOON + 250 * SECOND)
            store.away = False
            await after.clock.advance(NOON + 270 * SECOND)
            assert await findings(after) == {}

    run(scenario)


def test_a_revision_that_this_version_cannot_read_blocks_no_other_task(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, other = MemoryHistory(), definition("every 25 seconds", name="report")
        await killed_at_noon(tmp_path, other, store=store)
        newer = {"schedule": "at high noon", "backend": "Loop"}
        unreadable = revision_of(definition(), NOON - MINUTE).model_copy(update=newer)
        await store.add_revisions([unreadable])
        async with Story(tmp_path, store=store, time=NOON + MINUTE) as after:
            after.loop.put(definition())
            after.loop.put(other)
            await after.clock.advance(NOON + 2 * MINUTE)
            stretches = [r for r in await after.records("report") if r.status is Status.MISSED]
            assert sum(stretch.instants for stretch in stretches) == 1
            (last,) = (await store.last_revisions("shop", ["shop.tasks.restock"])).values()
            assert last.schedule == "every minute"

    run(scenario)


def test_a_loop_that_was_stopped_before_it_began_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        story = Story(tmp_path)
        await story.stop()
        story.loop.put(definition())
        async with asyncio.timeout(10), story:
            pass
        assert await story.records() == []

    run(scenario)
