"""The scheduler of `dev` on a clock of the tests' own: no process, no waiting."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.jobs import ScheduledJob
from jvscheduler.history.memory import MemoryHistory
from jvscheduler.loop.attempts import Attempt, claim_of, job_name
from jvscheduler.outcomes import Outcome, Reason, Status
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from tests.loop_story import (
    MINUTE,
    START,
    ManualClock,
    ScriptedLauncher,
    Story,
    fail,
    task,
    until,
)
from tests.outcomes import NOON, completed, failed


def test_each_due_instant_runs_once_at_its_time() -> None:
    story = Story(task(), minutes=3)
    instants = [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    assert story.launcher.attempts == [(job_name(task(), i), i) for i in instants]
    assert [j.scheduled_time for j in story.jobs()] == instants
    assert {j.status for j in story.jobs()} == {Status.COMPLETED}


def test_a_suspended_task_never_runs() -> None:
    assert Story(task(enabled=False), minutes=5).launcher.attempts == []


def test_a_failure_is_retried_after_growing_pauses_inside_one_job() -> None:
    story = Story(task(retry_count=2, max_concurrent=5), minutes=0.98, script=fail)
    times = [at - NOON for _, at in story.launcher.attempts]
    assert times == [timedelta(0), timedelta(seconds=10)]
    (job,) = story.jobs()
    assert [a["status"] for a in job.attempts] == ["failed", "failed"]
    assert job.status is Status.PENDING


def test_what_the_runner_could_not_record_is_recorded_for_it() -> None:
    story = Story(task(), minutes=1, script=fail, recorded=False)
    assert [j.status for j in story.jobs()] == [Status.FAILED]


def test_a_job_that_another_scheduler_runs_is_left_to_it() -> None:
    store = MemoryHistory()
    foreign = replace(claim_of(Attempt(task(), "theirs", "pod"), NOON), scheduled_time=NOON)
    own = claim_of(Attempt(task(), job_name(task(), NOON), "x"), NOON)
    asyncio.run(store.claim(replace(foreign, job_id=own.job_id)))
    story = Story(task(), minutes=0.9, store=store)
    (job,) = story.jobs()
    assert (job.kubernetes_job, len(job.attempts)) == ("theirs", 1)


def test_over_the_limit_a_job_is_skipped_and_says_so() -> None:
    async def long_job(claim: Outcome) -> Outcome | None:
        if claim.scheduled_time == NOON:
            await until(lambda: story_clock[0].time > NOON + MINUTE)
        return completed(claim)

    story_clock: list[ManualClock] = []
    story = _observed(task(), 2.5, long_job, story_clock)
    assert [(j.status, j.reason) for j in story.jobs()] == [
        (Status.COMPLETED, None),
        (Status.SKIPPED, Reason.CONCURRENCY_LIMIT),
    ]


def test_a_stop_terminates_what_runs_and_waits_for_it() -> None:
    async def until_told(claim: Outcome) -> Outcome | None:
        await until(lambda: bool(stories[0].signals))
        return failed(claim, reason=Reason.TERMINATED)

    stories: list[ScriptedLauncher] = []
    story = _observed(task(), 0.9, until_told, [], stories)
    assert story.launcher.signals == [signal.SIGTERM]
    assert [j.reason for j in story.jobs()] == [Reason.TERMINATED]


def test_a_job_left_waiting_for_its_retry_is_resumed() -> None:
    before = Story(task(retry_count=1), minutes=0.6, script=fail)
    assert [j.status for j in before.jobs()] == [Status.PENDING]
    after = Story(task(retry_count=1), 0.8, store=before.store, start=before.clock.end)
    (job,) = after.jobs()
    assert [a["status"] for a in job.attempts] == ["failed", "completed"]
    assert job.status is Status.COMPLETED


def test_a_retry_that_another_scheduler_awaits_is_left_to_it() -> None:
    before = Story(task(retry_count=1), minutes=0.6, script=fail)
    after = Story(task(retry_count=1), 0.1, store=before.store, start=before.clock.end)
    assert after.launcher.attempts == []
    assert [j.status for j in after.jobs()] == [Status.PENDING]


def test_a_job_left_running_by_a_scheduler_that_was_killed_is_closed() -> None:
    store = MemoryHistory()
    early = NOON - 10 * MINUTE
    asyncio.run(store.claim(claim_of(Attempt(task(), job_name(task(), early), "pod"), early)))
    Story(task(), minutes=0.1, store=store)
    found = asyncio.run(store.recent(early, None, 10)).jobs
    assert [(j.status, j.reason) for j in found] == [(Status.FAILED, Reason.RUNNER_LOST)]


def test_a_process_that_cannot_be_started_is_told_and_the_schedule_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def no_processes_left(_: Outcome) -> Outcome | None:
        raise OSError("no processes left")

    story = Story(task(), minutes=2, script=no_processes_left)
    assert len(story.launcher.attempts) == 2
    assert "no processes left" in caplog.text


def test_an_outcome_waits_for_a_history_that_is_away() -> None:
    class Away(MemoryHistory):
        failures = 2

        async def record(self, outcome: Outcome) -> None:
            if outcome.status.is_final and self.failures:
                self.failures -= 1
                raise HistoryUnavailable("away")
            await super().record(outcome)

    story = Story(task(), minutes=1.4, store=Away(), recorded=False)
    assert [j.status for j in story.jobs()] == [Status.COMPLETED]


def _observed(
    one: Task,
    minutes: float,
    script: Callable[[Outcome], Awaitable[Outcome | None]],
    clocks: list[ManualClock],
    launchers: list[ScriptedLauncher] | None = None,
) -> Story:
    """A story whose script looks at its own clock or launcher."""

    class Observed(Story):
        async def _run(self, one: Task) -> None:
            clocks.append(self.clock)
            if launchers is not None:
                launchers.append(self.launcher)
            await super()._run(one)

    return Observed(one, minutes, script)


def test_a_job_whose_outcome_waits_for_the_history_is_not_taken_for_lost() -> None:
    class Away(MemoryHistory):
        failures = 6

        async def record(self, outcome: Outcome) -> None:
            if outcome.status is Status.COMPLETED and self.failures:
                self.failures -= 1
                raise HistoryUnavailable("away")
            await super().record(outcome)

    story = Story(task(), minutes=3, store=Away(), recorded=False)
    assert {j.status for j in story.jobs()} == {Status.COMPLETED}


@pytest.mark.parametrize("text", ["every 30 seconds", "every 25 to 40 seconds"])
def test_instants_within_a_minute_are_jobs_of_their_own(text: str) -> None:
    one = replace(task(), schedule=parse_schedule(text, seed="shop.tasks.restock"))
    story = Story(one, minutes=2)
    due = list(one.schedule.between(START, START + 2 * MINUTE - timedelta(seconds=1)))
    assert len(due) >= 3
    names = [name for name, _ in story.launcher.attempts]
    assert names[: len(due)] == [job_name(one, at) for at in due]
    jobs = {job.scheduled_time: job.status for job in asyncio.run(everything(story.store))}
    assert set(due) <= set(jobs)
    assert set(jobs.values()) == {Status.COMPLETED}


async def everything(store: MemoryHistory) -> Sequence[ScheduledJob]:
    return (await store.recent(START - MINUTE, None, 100)).jobs
