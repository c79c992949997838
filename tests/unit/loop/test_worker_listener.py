"""A worker's reports are input from another process: one that cannot be read spoils no other."""

import logging
from pathlib import Path

import pytest

from jvscheduler.outcomes import Status
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    Story,
    completed,
    definition,
    killed_at_noon,
    run,
    settle,
    unending,
)


def test_a_claim_that_cannot_be_read_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        (order,) = before.worker.going.values()
        async with Story(tmp_path, store=before.store, time=NOON + MINUTE) as after:
            claims = {"unreadable": {"job_id": 7}, **before.worker.claims()}
            after.loop.worker_listener.on_hello("worker-a", claims)
            after.loop.worker_listener.on_ended(completed(order))
            await settle()
            assert [r.status for r in await after.records()] == [Status.COMPLETED]

    with caplog.at_level(logging.WARNING, "jvscheduler.loop"):
        run(scenario)
    assert "the attempt unreadable of an earlier loop is not counted" in caplog.text
