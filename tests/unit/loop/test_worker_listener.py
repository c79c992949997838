"""A worker's reports are input from another process: one that cannot be read spoils no other."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.outcomes import Reason, Status
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

UNREADABLE = [
    {"status": "bogus"},
    {"status": "running"},
    {"status": []},
    {"started_at": "noon"},
    {"ended_at": float("nan")},
    {"ended_at": 1e300},
    {"error_message": 7},
    {"log_tail": ["a"]},
    {"cpu_seconds": "much"},
]


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


def test_an_end_whose_claim_cannot_be_read_stays_with_the_worker_and_delays_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        (order,) = before.worker.going.values()
        async with Story(tmp_path, store=before.store, time=NOON + MINUTE) as after:
            listener, end = after.loop.worker_listener, completed(order)
            listener.on_hello("worker-a", before.worker.claims())
            claims: list[Any] = [{"job_id": 7}, [], None, {**order.claim, "start_time": 7}]
            for claim in claims:
                listener.on_ended(replace(end, run_id="other", claim=claim))
            for change in UNREADABLE:
                listener.on_ended(replace(end, **change))  # type: ignore[arg-type]
            await settle()
            assert after.worker.acknowledged == []
            # The worker reports it again to the next loop, which may be able to read it.
            listener.on_ended(end)
            await settle()
            assert after.worker.acknowledged == [order.run_id]
            assert [r.status for r in await after.records()] == [Status.COMPLETED]

    with caplog.at_level(logging.WARNING, "jvscheduler.loop"):
        run(scenario)
    assert caplog.text.count("stays with the worker") == 4 + len(UNREADABLE)
    assert "unexpected error" not in caplog.text


@pytest.mark.parametrize("change", UNREADABLE, ids=lambda change: str(change)[:40])
def test_an_end_of_its_own_that_cannot_be_read_ends_its_job(
    tmp_path: Path, change: dict[str, object]
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, lambda order: replace(completed(order), **change)) as story:  # type: ignore[arg-type]
            story.loop.put(definition("hourly"))
            await story.clock.advance(NOON + MINUTE)
            (record,) = await story.records()
            assert (record.status, record.reason) == (Status.FAILED, Reason.RUNNER_LOST)
            assert "cannot be read" in (record.error_message or "")

    run(scenario)


def test_what_an_end_says_is_bounded(tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    said = {"error_message": "e\0" * 9999, "log_tail": "t" * 99999, "result": deep}

    async def scenario() -> None:
        async with Story(tmp_path, lambda order: replace(completed(order), **said)) as story:  # type: ignore[arg-type]
            story.loop.put(definition("hourly"))
            await story.clock.advance(NOON + MINUTE)
            (record,) = await story.records()
            assert (record.status, record.result) == (Status.COMPLETED, None)
            assert len((record.error_message or "").encode()) <= 4096
            assert "\0" not in (record.error_message or "")
            assert len((record.log_tail or "").encode()) <= 8192

    run(scenario)
