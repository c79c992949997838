"""An unexpected error, such as a row that cannot be read, is logged and ends nothing else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.testing.history import MemoryHistory
from tests.support.loop.parts import MINUTE, NOON, SECOND, Story, definition, run, unending


class FailingHistory(MemoryHistory):
    """Each call that no job waits for fails once, with an error that no history raises."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: set[str] = set()

    def fail_once(self, call: str) -> None:
        if call not in self.failed:
            self.failed.add(call)
            raise ValueError(f"{call}: a row that nobody can read")

    async def unfinished(self) -> Sequence[ScheduledJob]:
        self.fail_once("unfinished")
        return await super().unfinished()

    async def heartbeat_all(self, job_ids: Sequence[str], now: datetime) -> None:
        self.fail_once("heartbeat_all")
        await super().heartbeat_all(job_ids, now)

    async def last_instants(
        self, namespace: str, task_ids: Sequence[str], until: datetime
    ) -> Mapping[str, datetime]:
        self.fail_once("last_instants")
        return await super().last_instants(namespace, task_ids, until)


def test_an_unexpected_error_is_logged_and_the_work_is_done_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        store = FailingHistory()
        async with Story(tmp_path, unending, store=store) as story:
            story.loop.put(definition("hourly"))
            await story.clock.advance(NOON + MINUTE)
            (record,) = await story.records()
            assert record.heartbeat_time is not None
            assert record.heartbeat_time > NOON + 30 * SECOND
            assert await store.revisions("shop", ["shop.tasks.restock"])
        assert store.failed == {"unfinished", "heartbeat_all", "last_instants"}
        assert all(f"{call}: a row that nobody can read" in caplog.text for call in store.failed)

    run(scenario)
