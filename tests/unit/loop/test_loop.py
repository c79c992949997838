"""Each due instant of a loop's tasks has the record that it must have."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from jvscheduler.attempt.retries import draw, jitter
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.loop.log import LOG, job_label
from jvscheduler.outcomes import Reason, Status
from jvscheduler.schedules.jitter import start_delay
from tests.support.loop.parts import (
    MINUTE,
    NOON,
    SECOND,
    START,
    Story,
    completed,
    definition,
    failed,
    run,
    unending,
)


def test_each_due_instant_runs_once_at_its_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON + 2 * MINUTE)
            instants = [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
            assert [time for _, time in story.worker.went] == instants
            records = await story.records()
            assert [(r.scheduled_time, r.status) for r in records] == [
                (instant, Status.COMPLETED) for instant in instants
            ]
            assert len(story.worker.acknowledged) == 3

    run(scenario)


def test_an_edited_schedule_is_in_force_from_the_edit_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition("daily at 00:00"))
            await story.clock.advance(NOON + 10 * SECOND)
            story.loop.put(definition("every 15 seconds"))
            await story.clock.advance(NOON + 31 * SECOND)
            assert [time for _, time in story.worker.went] == [
                NOON + 15 * SECOND,
                NOON + 30 * SECOND,
            ]
            revisions = await story.store.revisions("shop", ["shop.tasks.restock"])
            assert [(r.schedule, r.since) for r in revisions] == [
                ("daily at 00:00", START),
                ("every 15 seconds", NOON + 10 * SECOND),
            ]

    run(scenario)


def test_the_instants_of_a_suspended_task_are_skipped_in_stretches(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition("every 10 seconds", enabled=False))
            await story.clock.advance(NOON + MINUTE)
            story.loop.put(definition("every 10 seconds"))
            await story.clock.advance(NOON + MINUTE + 10 * SECOND)
            *skipped, last = await story.records()
            assert last.status is Status.COMPLETED
            assert {(r.status, r.reason) for r in skipped} == {(Status.SKIPPED, Reason.SUSPENDED)}
            assert sum(r.instants for r in skipped) == 9
            assert len(skipped) < 4

    run(scenario)


def test_a_removed_task_runs_no_more_and_its_removal_is_recorded(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON)
            story.loop.remove("restock", handed_over=False)
            await story.clock.advance(NOON + 3 * MINUTE)
            assert len(story.worker.went) == 1
            last = (await story.store.revisions("shop"))[-1]
            assert (last.removed, last.since) == (True, NOON)

    run(scenario)


def test_a_job_over_the_limit_is_skipped_and_costs_no_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition(max_concurrent=2))
            await story.clock.advance(NOON + 2 * MINUTE)
            statuses = [(r.status, r.reason) for r in await story.records()]
            assert statuses == [
                (Status.RUNNING, None),
                (Status.RUNNING, None),
                (Status.SKIPPED, Reason.CONCURRENCY_LIMIT),
            ]
            assert not story.worker.gated
            assert not story.worker.discarded

    run(scenario)


def test_a_replacing_task_ends_its_oldest_job_instead(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition(replaces=True))
            await story.clock.advance(NOON + MINUTE + SECOND)
            statuses = [(r.status, r.reason) for r in await story.records()]
            assert statuses == [(Status.FAILED, Reason.REPLACED), (Status.RUNNING, None)]

    run(scenario)


def test_a_failed_attempt_is_followed_by_another_in_the_same_job(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, failed) as story:
            story.loop.put(definition("hourly", retry_count=1))
            await story.clock.advance(NOON)
            story.worker.script = completed
            await story.clock.advance(NOON + MINUTE)
            (record,) = await story.records()
            assert record.status is Status.COMPLETED
            assert [a["status"] for a in record.attempts] == ["failed", "completed"]

    run(scenario)


def test_a_clock_that_is_set_forward_leaves_no_instant_without_a_record(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON)
            story.clock.time = NOON + 60 * MINUTE
            await story.clock.advance(NOON + 60 * MINUTE)
            records = await story.records()
            assert sum(r.instants for r in records) == 61
            assert [r.scheduled_time for r in records if r.status is Status.COMPLETED] == [
                NOON,
                NOON + 60 * MINUTE,
            ]

    run(scenario)


def test_a_clock_that_is_set_back_repeats_no_instant(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition())
            await story.clock.advance(NOON + 2 * MINUTE)
            story.clock.time = NOON - 10 * MINUTE
            story.loop.put(definition("every 2 minutes"))
            await story.clock.advance(NOON + 2 * MINUTE)
            assert len(story.worker.went) == 3
            await story.clock.advance(NOON + 4 * MINUTE)
            assert len(story.worker.went) == 4

    run(scenario)


def test_a_manual_job_runs_at_once_with_its_retries(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, failed) as story:
            manual = definition("@yearly", retry_count=1)
            running = asyncio.create_task(story.loop.run_now(manual))
            await story.clock.advance(START + SECOND)
            story.worker.script = completed
            await story.clock.advance(START + MINUTE)
            outcome = await running
            assert outcome is not None
            assert outcome.status is Status.COMPLETED
            (record,) = await manual_jobs(story)
            assert record.scheduled_time is None
            assert [a["status"] for a in record.attempts] == ["failed", "completed"]

    run(scenario)


def test_a_manual_job_that_is_stopped_before_its_retry_has_failed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path, failed) as story:
            running = asyncio.create_task(story.loop.run_now(definition(retry_count=1)))
            await story.clock.advance(START + SECOND)
            await story.stop()
            outcome = await running
            assert outcome is not None
            (record,) = await manual_jobs(story)
            assert (record.status, len(record.attempts)) == (Status.FAILED, 1)

    run(scenario)


def test_on_attempt_is_called_when_an_attempt_begins_and_when_it_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Story(tmp_path) as story:
            story.loop.put(definition("hourly"))
            await story.clock.advance(NOON + SECOND)
            assert [a.status for a in story.attempts] == [Status.RUNNING, Status.COMPLETED]
            assert len({a.attempt_id for a in story.attempts}) == 1

    run(scenario)


def test_due_instants_starts_and_retries_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids: list[str] = []

    async def scenario() -> None:
        async with Story(tmp_path, failed) as story:
            story.loop.put(definition("hourly", retry_count=1))
            await story.clock.advance(NOON + MINUTE)
            (job,) = await manual_jobs(story)
            ids.extend(attempt["attempt_id"] for attempt in job.attempts)

    with caplog.at_level(logging.INFO, LOG.name):
        run(scenario)
    label = job_label("shop.tasks.restock", NOON)
    assert caplog.messages[:2] == [f"{label} is due", f"{label} started, attempt 1 of 2"]
    _, second = ids
    pause = 10 + jitter(1, draw(second))
    assert f"{label} is tried again in {pause:.1f} s" in caplog.messages


def test_a_job_is_claimed_when_it_is_due_and_starts_after_its_jitter(tmp_path: Path) -> None:
    """A loop that begins meanwhile finds its record, and does not start it again."""

    async def scenario() -> None:
        async with Story(tmp_path, unending) as story:
            story.loop.put(definition("hourly", jitter_seconds=1800))
            await story.clock.advance(NOON + SECOND)
            (job,) = await manual_jobs(story)
            assert (job.scheduled_time, job.status) == (NOON, Status.RUNNING)
            start = NOON + start_delay(job.job_name, NOON, 1800)
            assert [begins for _, begins in story.worker.went] == [start]

    run(scenario)


async def manual_jobs(story: Story) -> Sequence[ScheduledJob]:
    return (await story.store.recent(START - MINUTE, None, 10)).jobs
