"""A worker's reports are input from another process: one that cannot be read spoils no other."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from jvscheduler.names import scheduled_job_id
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
    {"cpu_seconds": 10**400},
    {"peak_memory_bytes": -1},
    {"ended_at": 0.0},
    {"ended_at": 3e9},
    {"reason": "a\nb"},
]


FORGED = {
    "namespace": "tenant-b",
    "task_id": "b.payments",
    "job_id": scheduled_job_id("tenant-b", "b.payments", NOON),
    "job_name": "b-payments-29540880",
    "attempt_id": "pod-of-b",
}


def test_the_claim_that_a_worker_sends_back_is_not_believed(tmp_path: Path) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        (order,) = before.worker.going.values()
        forged = {**order.claim, **FORGED}
        async with Story(
            tmp_path, store=before.store, time=NOON + MINUTE, inherits={order.run_id: forged}
        ) as after:
            after.loop.worker_listener.on_ended(replace(completed(order), claim=forged))
            await settle()
            assert [r.status for r in await after.records()] == [Status.COMPLETED]
            assert await after.store.tasks("tenant-b") == []
            recent = await after.store.recent(NOON - MINUTE, None, 10)
            assert {job.namespace for job in recent.jobs} == {"shop"}

    run(scenario)


def test_an_attempt_that_the_loop_has_not_let_go_is_set_aside_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        (order,) = before.worker.going.values()
        strangers = {f"stranger-{n}": {**order.claim, **FORGED} for n in range(3)}
        async with Story(
            tmp_path,
            store=before.store,
            time=NOON + MINUTE,
            inherits={**strangers, order.run_id: order.claim},
        ) as after:
            for name in strangers:
                after.loop.worker_listener.on_ended(replace(completed(order), run_id=name))
            await settle()
            assert [r.status for r in await after.records()] == [Status.RUNNING]
            assert after.worker.acknowledged == list(strangers)
            after.loop.worker_listener.on_ended(completed(order))
            after.loop.worker_listener.on_ended(completed(order))
            await settle()
            assert [r.status for r in await after.records()] == [Status.COMPLETED]

    with caplog.at_level(logging.WARNING, "jvscheduler.loop"):
        run(scenario)
    assert caplog.text.count("this loop has let no such attempt go") == 3


def test_an_end_that_cannot_be_read_stays_with_the_worker_and_delays_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        (order,) = before.worker.going.values()
        async with Story(
            tmp_path, store=before.store, time=NOON + MINUTE, inherits=before.worker.claims()
        ) as after:
            listener, end = after.loop.worker_listener, completed(order)
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
    assert caplog.text.count("stays with the worker") == 1
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
