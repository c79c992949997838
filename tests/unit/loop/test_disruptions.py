"""Loops, workers and histories go away: every instant still has exactly one record."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jvscheduler.outcomes import Reason, Status
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    MovableHistory,
    Story,
    completed,
    definition,
    failed,
    killed_at_noon,
    run,
    settle,
    unending,
)


def test_runs_of_a_worker_that_ended_are_lost_and_those_of_a_living_one_go_on(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition("hourly"))
            await story.clock.advance(NOON)
            story.loop.worker_listener.on_hello("worker-a", story.worker.claims())
            await settle()
            assert [r.status for r in await story.records()] == [Status.RUNNING]
            story.loop.worker_listener.on_hello("worker-b", {})
            await settle()
            (record,) = await story.records()
            assert (record.status, record.reason) == (Status.FAILED, Reason.RUNNER_LOST)

    run(scenario)


def test_a_loop_records_the_run_that_an_earlier_loop_started(tmp_path: Path) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        (order,) = before.worker.going.values()
        claims = before.worker.claims()
        async with Story(
            tmp_path, store=before.store, time=NOON + MINUTE, inherits=claims
        ) as after:
            after.loop.worker_listener.on_ended(completed(order))
            await settle()
            assert [r.status for r in await after.records()] == [Status.COMPLETED]
            assert after.worker.acknowledged == [order.run_id]

    run(scenario)


async def _down_from_noon(tmp_path: Path, deadline: int | None, until: timedelta) -> Story:
    """One loop runs at noon and is killed. Another one begins `until` after noon."""
    known = definition(starting_deadline_seconds=deadline)
    before = await killed_at_noon(tmp_path, known)
    after = Story(tmp_path, store=before.store, time=NOON + until)
    async with after:
        after.loop.put(known)
        await after.clock.advance(after.clock.now() + 2 * SECOND)
    return after


@pytest.mark.parametrize(
    ("deadline", "runs", "missed"),
    [
        pytest.param(None, [NOON + 5 * MINUTE], 4, id="the latest runs, however late"),
        pytest.param(60, [NOON + 5 * MINUTE], 4, id="the latest runs within its deadline"),
        pytest.param(10, [], 5, id="none runs beyond its deadline"),
    ],
)
def test_after_a_downtime_every_instant_has_its_record(
    tmp_path: Path, deadline: int | None, runs: list[datetime], missed: int
) -> None:
    async def scenario() -> None:
        story = await _down_from_noon(tmp_path, deadline, until=5 * MINUTE + 30 * SECOND)
        records = [r for r in await story.records() if r.scheduled_time != NOON]
        completed_records = [r for r in records if r.status is Status.COMPLETED]
        assert [r.scheduled_time for r in completed_records] == runs
        stretches = [r for r in records if r.status is Status.MISSED]
        assert sum(r.instants for r in stretches) == missed
        assert {r.reason for r in stretches} <= {Reason.LOOP_DOWN, Reason.DEADLINE_MISSED}

    run(scenario)


def test_after_an_edit_during_a_downtime_only_the_old_schedules_instants_are_missed(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition())
        async with Story(tmp_path, store=before.store, time=NOON + 150 * SECOND) as after:
            after.loop.put(definition("every 5 seconds"))
            await after.clock.advance(NOON + 156 * SECOND)
            records = [r for r in await after.records() if r.scheduled_time != NOON]
            facts = [(r.scheduled_time, r.status, r.instants) for r in records]
            assert facts == [
                (NOON + MINUTE, Status.MISSED, 2),
                (NOON + 155 * SECOND, Status.COMPLETED, 1),
            ]

    run(scenario)


def test_tasks_run_while_the_history_is_away_and_are_recorded_later(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = MovableHistory()
        async with Story(tmp_path, store=store) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON)
            store.away = True
            await story.clock.advance(NOON + 3 * MINUTE)
            assert len(story.worker.went) == 4
            store.away = False
            await story.clock.advance(NOON + 3 * MINUTE + 5 * SECOND)
            assert [r.status for r in await story.records()] == [Status.COMPLETED] * 4

    run(scenario)


def test_the_limit_holds_while_the_history_is_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = MovableHistory()
        async with Story(tmp_path, unending, store=store) as story:
            store.away = True
            story.loop.put(definition())
            await story.clock.advance(NOON + MINUTE)
            assert len(story.worker.going) == 1
            store.away = False
            await story.clock.advance(NOON + MINUTE + 5 * SECOND)
            assert [r.status for r in await story.records()] == [Status.RUNNING, Status.SKIPPED]

    run(scenario)


def test_while_the_history_is_away_the_limit_counts_the_runs_of_an_earlier_loop(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        store = MovableHistory()
        before = await killed_at_noon(tmp_path, definition(), unending, store)
        store.away = True
        claims = before.worker.claims()
        async with Story(tmp_path, store=store, time=NOON + MINUTE / 2, inherits=claims) as after:
            after.loop.put(definition())
            await after.clock.advance(NOON + MINUTE)
            assert after.worker.went == []
            (order,) = before.worker.going.values()
            after.loop.worker_listener.on_ended(completed(order))
            await after.clock.advance(NOON + 2 * MINUTE)
            assert len(after.worker.went) == 1
            store.away = False
            await after.clock.advance(NOON + 2 * MINUTE + 5 * SECOND)
            assert [r.status for r in await after.records()] == [
                Status.COMPLETED,
                Status.SKIPPED,
                Status.COMPLETED,
            ]

    run(scenario)


def test_the_spool_of_a_killed_loop_is_recorded_by_the_next(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = MovableHistory()
        before = Story(tmp_path, store=store)
        async with before:
            before.loop.put(definition())
            await before.clock.advance(NOON)
            store.away = True
            await before.clock.advance(NOON + MINUTE)
            before.kill()
        store.away = False
        async with Story(tmp_path, store=store, time=NOON + 90 * SECOND) as after:
            after.loop.put(definition())
            await after.clock.advance(NOON + 95 * SECOND)
            assert [(r.scheduled_time, r.status) for r in await after.records()] == [
                (NOON, Status.COMPLETED),
                (NOON + MINUTE, Status.COMPLETED),
            ]

    run(scenario)


def test_a_loop_that_stops_terminates_its_runs_and_records_the_reason(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON)
        (record,) = await story.records()
        assert (record.status, record.reason) == (Status.FAILED, Reason.TERMINATED)

    run(scenario)


def test_a_retry_that_a_loop_did_not_make_is_made_by_the_next(tmp_path: Path) -> None:
    async def scenario() -> None:
        before = Story(tmp_path, failed)
        async with before:
            before.loop.put(definition("hourly", retry_count=1))
            await before.clock.advance(NOON)
        async with Story(tmp_path, store=before.store, time=NOON + 2 * MINUTE) as after:
            after.loop.put(definition("hourly", retry_count=1))
            await after.clock.advance(NOON + 3 * MINUTE)
            (record,) = await after.records()
            assert [a["status"] for a in record.attempts] == ["failed", "completed"]

    run(scenario)


def test_a_retry_is_left_to_the_loop_that_waits_for_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path / "one", failed) as first:
            first.loop.put(definition("hourly", retry_count=1))
            await first.clock.advance(NOON + SECOND)
            async with Story(tmp_path / "two", store=first.store, time=NOON + SECOND) as other:
                other.loop.put(definition("hourly", retry_count=1))
                await other.clock.advance(NOON + 19 * SECOND)
                assert other.worker.went == []
                await first.clock.advance(NOON + 19 * SECOND)
                await other.clock.advance(NOON + MINUTE)
                assert other.worker.went == []
            (record,) = await first.records()
            assert [a["status"] for a in record.attempts] == ["failed", "failed"]

    run(scenario)


def test_a_job_that_a_killed_loop_left_running_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        before = await killed_at_noon(tmp_path, definition("hourly"), unending)
        async with Story(tmp_path, store=before.store, time=NOON + 20 * SECOND) as after:
            after.loop.put(definition("hourly"))
            await after.clock.advance(NOON + 25 * SECOND)
            assert [r.status for r in await after.records()] == [Status.RUNNING]
            await after.clock.advance(NOON + MINUTE)
            (record,) = await after.records()
            assert (record.status, record.reason) == (Status.FAILED, Reason.RUNNER_LOST)

    run(scenario)


def test_a_run_that_is_let_go_just_before_the_loop_ends_is_terminated_too(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition("hourly"))
            await story.clock.advance(NOON - SECOND / 50)
            assert [r.status for r in await story.records()] == [Status.RUNNING]
        (record,) = await story.records()
        assert (record.status, record.reason) == (Status.FAILED, Reason.TERMINATED)

    run(scenario)
