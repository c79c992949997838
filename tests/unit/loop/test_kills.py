"""A loop that is killed between any two of its writes leaves no due instant without a record.

Its disk is lost with it, as with a pod that is deleted. The history holds back one write for
ever and takes all others: so whatever must not come before that write shows. Outcomes are left
out: they say nothing of further instants.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from jvscheduler.due_instants import decide
from jvscheduler.due_instants.definition import revision_of
from jvscheduler.history.records.takeovers import UnsettledTakeover
from jvscheduler.outcomes import Status
from jvscheduler.testing.history import MemoryHistory
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    Story,
    away_since_noon,
    definition,
    findings,
    run,
    settle,
)

WRITES = (
    "claim_all",
    "record_stretches",
    "add_revisions",
    "add_takeovers",
    "remove_takeovers",
)
EVERY_MINUTE, RARE = definition(), definition("every 40 seconds")
SUSPENDED = definition("every 10 seconds", enabled=False)
FREQUENT = definition("every 10 seconds")
TASK_ID = EVERY_MINUTE.task.task_id
BACK = NOON + 3 * MINUTE + 20 * SECOND
"""When the next loop begins. The one before was killed at noon."""


class HoldingHistory(MemoryHistory):
    """Counts its writes, and never answers the one with this number."""

    def __init__(self) -> None:
        super().__init__()
        self.held: int | None = None
        self.writes = 0
        self.what = ""

    def hold(self, number: int | None) -> None:
        self.held, self.writes = number, 0

    def __getattribute__(self, name: str) -> object:
        attribute = object.__getattribute__(self, name)
        if name not in WRITES or not callable(attribute):
            return attribute

        async def write(*args: object) -> object:
            number, self.writes = self.writes, self.writes + 1
            if number == self.held:
                self.what = name
                await asyncio.Event().wait()
            return await attribute(*args)

        return write


Act = Callable[[Story], Awaitable[None]]


async def _serve(story: Story) -> None:
    story.loop.put(EVERY_MINUTE)
    await story.clock.advance(BACK + 2 * MINUTE)


async def _serve_edited(story: Story) -> None:
    story.loop.put(RARE)
    await story.clock.advance(BACK + 2 * MINUTE)


async def _serve_suspended(story: Story) -> None:
    story.loop.put(SUSPENDED)
    await story.clock.advance(BACK + 100 * SECOND)


async def _edit_suspended(story: Story) -> None:
    story.loop.put(SUSPENDED)
    await story.clock.advance(BACK + 95 * SECOND)
    story.loop.put(FREQUENT)
    await story.clock.advance(BACK + 120 * SECOND)


async def _edit(story: Story) -> None:
    story.loop.put(FREQUENT)
    await story.clock.advance(BACK + 35 * SECOND)
    story.loop.put(RARE)
    await story.clock.advance(BACK + 90 * SECOND)


async def _edit_at_once(story: Story) -> None:
    story.loop.put(EVERY_MINUTE)
    story.loop.put(RARE)
    await story.clock.advance(BACK + 90 * SECOND)


async def _edit_just_before_an_instant(story: Story) -> None:
    story.loop.put(FREQUENT)
    await story.clock.advance(BACK + 10 * SECOND - timedelta(milliseconds=400))
    story.loop.put(RARE)
    await story.clock.advance(BACK + 90 * SECOND)


async def _stall(story: Story) -> None:
    story.loop.put(FREQUENT)
    await story.clock.advance(BACK + 15 * SECOND)
    story.clock.time += 45 * SECOND
    await story.clock.advance(BACK + 90 * SECOND)


@dataclass(frozen=True)
class Case:
    act: Act
    is_new: bool = False
    """True when the history does not know the task."""

    @property
    def name(self) -> str:
        return f"{self.act.__name__.strip('_')}{', a new task' if self.is_new else ''}"


CASES = [
    Case(_serve),
    Case(_serve, is_new=True),
    Case(_serve_edited),
    Case(_serve_suspended),
    Case(_edit_suspended),
    Case(_edit, is_new=True),
    Case(_edit_at_once),
    Case(_edit_at_once, is_new=True),
    Case(_edit_just_before_an_instant),
    Case(_stall),
]


async def _story(folder: Path, case: Case, held: int | None) -> HoldingHistory:
    """The history after a loop that was killed, which then holds back no write any more."""
    store = HoldingHistory()
    if not case.is_new:
        async with Story(folder / "first", store=store) as first:
            first.loop.put(EVERY_MINUTE)
            await first.clock.advance(NOON)
            first.kill()
    store.hold(held)
    async with Story(folder / "killed", store=store, time=BACK) as killed:
        await case.act(killed)
        killed.kill()
    return store


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_instant_is_lost_when_a_loop_is_killed_before_any_of_its_writes(
    tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide, "MOST_IN_A_STRETCH", 2)

    async def scenario() -> None:
        writes = (await _story(tmp_path / "all", case, None)).writes
        assert writes > 4
        lost = {}
        for held in range(writes):
            folder = tmp_path / str(held)
            store = await _story(folder, case, held)
            async with Story(folder / "next", store=store, time=BACK + 3 * MINUTE) as after:
                after.loop.put(EVERY_MINUTE)
                await after.clock.advance(BACK + 6 * MINUTE)
                if found := await findings(after):
                    lost[held, store.what] = found
                assert await store.takeovers("shop", [TASK_ID]) == []
        assert lost == {}

    run(scenario)


def test_a_loop_that_was_killed_before_it_recorded_anything_costs_no_run(tmp_path: Path) -> None:
    async def scenario() -> None:
        hourly = definition("hourly")
        store = await _story(tmp_path, Case(_serve), 0)
        await store.add_revisions([revision_of(hourly, NOON + SECOND)])
        late = NOON + 70 * MINUTE
        async with Story(tmp_path / "killed", store=store, time=late) as killed:
            killed.loop.put(hourly)
            await settle()
            killed.kill()
        assert len(await store.takeovers("shop", [TASK_ID])) > 0
        async with Story(tmp_path / "next", store=store, time=late + MINUTE) as after:
            after.loop.put(hourly)
            await after.clock.advance(late + 2 * MINUTE)
            (*_, last) = await after.records()
            facts = (last.scheduled_time, last.status)
            assert facts == (NOON + 60 * MINUTE, Status.COMPLETED)
            assert await store.takeovers("shop", [TASK_ID]) == []

    run(scenario)


def test_a_takeover_of_before_an_outage_is_in_the_history_before_later_claims(
    tmp_path: Path,
) -> None:
    """The pod is deleted soon after the history is back, and its spool with it."""

    async def scenario() -> None:
        store = await away_since_noon(tmp_path / "first")
        async with Story(tmp_path / "killed", store=store, time=NOON + 150 * SECOND) as killed:
            killed.loop.put(EVERY_MINUTE)
            await killed.clock.advance(NOON + 175 * SECOND)
            store.away = False
            await killed.clock.advance(NOON + 185 * SECOND)
            assert len(await killed.records()) == 2, "noon's and its own"
            killed.kill()
        async with Story(tmp_path / "next", store=store, time=NOON + 200 * SECOND) as after:
            after.loop.put(EVERY_MINUTE)
            await after.clock.advance(NOON + 250 * SECOND)
            assert await findings(after) == {}

    run(scenario)


def test_a_takeover_that_was_left_long_ago_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its records may have been pruned."""

    async def scenario() -> None:
        store = MemoryHistory()
        long_ago = NOON - timedelta(days=8)
        await store.add_revisions([revision_of(EVERY_MINUTE, long_ago - MINUTE)])
        await store.add_takeovers([UnsettledTakeover("restock", revision_of(RARE, long_ago))])
        await store.add_revisions([revision_of(EVERY_MINUTE, NOON - SECOND)])
        async with Story(tmp_path, store=store, time=NOON + 30 * SECOND) as after:
            after.loop.put(EVERY_MINUTE)
            await after.clock.advance(NOON + 100 * SECOND)
            first, *_ = await after.records()
            assert first.scheduled_time == NOON
        assert await store.takeovers("shop", [TASK_ID]) == []
        assert "a loop left it at 2026-02-22T12:00:00Z" in caplog.text

    run(scenario)
