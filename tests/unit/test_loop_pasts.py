"""What was due before a loop took a task over: it is accounted for, however long that was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from jvscheduler.history.memory import MemoryHistory
from jvscheduler.loop import accounting
from jvscheduler.outcomes import Gap, Status
from tests.loop_parts import NOON, SECOND, Story, definition, killed_at_noon, run

MOST = 4


class SlowHistory(MemoryHistory):
    """Takes so many accounts of gaps and answers no more."""

    def __init__(self, most: int = 1000) -> None:
        super().__init__()
        self.most = most
        self.told: list[int] = []
        """Instants in each call."""

    async def account(self, gaps: Sequence[Gap]) -> None:
        if len(self.told) == self.most:
            await asyncio.Event().wait()
        self.told.append(sum(gap.count for gap in gaps))
        await super().account(gaps)


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "MOST_IN_A_GAP", MOST)


def test_a_long_downtime_is_accounted_for_a_part_at_a_time(tmp_path: Path) -> None:
    async def tale() -> None:
        store, known = SlowHistory(), definition("every 10 seconds")
        await killed_at_noon(tmp_path, known, store=store)
        async with Story(tmp_path, store=store, time=NOON + 115 * SECOND) as after:
            after.loop.put(known)
            await after.clock.advance(NOON + 117 * SECOND)
            assert store.told == [MOST, MOST, 2]
            assert len(after.worker.went) == 1, "the latest runs"

    run(tale)


def test_a_loop_killed_while_it_accounts_for_a_downtime_is_followed_by_one_that_goes_on(
    tmp_path: Path,
) -> None:
    async def tale() -> None:
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

    run(tale)
