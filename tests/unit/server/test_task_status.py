"""The status of tasks: what it says of their jobs, and that it is written no more than needed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jvscheduler.errors import HistoryUnavailable, SchedulerError
from jvscheduler.history.records.summaries import MOST
from jvscheduler.outcomes import Outcome
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.task_status import apply
from jvscheduler_server.task_status.apply import TaskStatusWriter
from tests.support.history.outcomes import NOON, begun, completed, failed, of_job, timed_out
from tests.support.history.stories import minutes, stretch
from tests.support.server.in_memory import FakeCluster, FlakyHistory

TASK = TaskState("shop.tasks.restock", "restock", "shop", "every minute", uid="1", generation=4)


class FakeStatusApi:
    """It keeps what was applied in the cluster, as the watch would bring it."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self.applied: list[tuple[str, Mapping[str, Any]]] = []
        self.events: list[Mapping[str, Any]] = []
        self.refuses = False

    async def apply_task_status(self, task: TaskState, status: Mapping[str, Any]) -> None:
        if self.refuses:
            raise SchedulerError("forbidden")
        self.applied.append((task.name, status))
        self._cluster.seen_tasks = [
            replace(seen, reported=status) if seen.uid == task.uid else seen
            for seen in self._cluster.seen_tasks
        ]

    async def create_event(self, task: TaskState, event: Mapping[str, Any]) -> None:
        assert task.uid
        self.events.append(event)


class Scene:
    def __init__(self) -> None:
        self.store = FlakyHistory()
        self.cluster = FakeCluster(seen_tasks=[TASK])
        self.api = FakeStatusApi(self.cluster)
        self.pauses: list[float] = []
        self.writer = self.new_writer()

    def new_writer(self) -> TaskStatusWriter:
        return TaskStatusWriter(
            self.store, self.cluster, self.api, lambda: minutes(30), self._pause
        )

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if seconds == apply.PERIOD_SECONDS and self.pauses.count(seconds) == 3:
            raise asyncio.CancelledError

    async def status_after(self, *outcomes: Outcome) -> Mapping[str, Any]:
        for outcome in outcomes:
            await self.store.record(outcome)
        await self.writer.write()
        return self.reported

    @property
    def reported(self) -> Mapping[str, Any]:
        return self.cluster.seen_tasks[0].reported


def play(scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        await scene(Scene())

    asyncio.run(run())


def text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def test_the_status_says_how_the_last_job_ended() -> None:
    async def scene(s: Scene) -> None:
        assert await s.status_after(completed(of_job(1))) == {
            "lastSuccessfulTime": text(minutes(1) + timedelta(seconds=3)),
            "consecutiveFailures": 0,
            "lastJob": {"scheduledTime": text(minutes(1)), "status": "completed"},
        }

    play(scene)


def test_a_task_that_fails_has_a_condition_and_one_event() -> None:
    async def scene(s: Scene) -> None:
        status = await s.status_after(failed(of_job(1)), timed_out(of_job(2)))
        assert status["consecutiveFailures"] == 2
        assert status["lastJob"] == {
            "scheduledTime": text(minutes(2)),
            "status": "timeout",
            "reason": "DeadlineExceeded",
        }
        (failing,) = status["conditions"]
        assert (failing["type"], failing["status"]) == ("Failing", "True")
        assert (failing["reason"], failing["observedGeneration"]) == ("DeadlineExceeded", 4)
        assert failing["lastTransitionTime"] == text(minutes(30))
        last = f"The last was due at {text(minutes(2))} and is timeout"
        assert failing["message"] == f"2 jobs have failed in a row. {last}"
        await s.status_after(failed(of_job(3)))
        (event,) = s.api.events
        assert (event["type"], event["reason"]) == ("Warning", "DeadlineExceeded")
        assert event["message"] == failing["message"]

    play(scene)


def test_the_message_has_the_error_and_is_short() -> None:
    async def scene(s: Scene) -> None:
        status = await s.status_after(failed(of_job(1), error_message="ValueError: " + "x" * 9999))
        (failing,) = status["conditions"]
        assert failing["message"].startswith("1 job has failed. The last was due at ")
        assert ": ValueError: xxx" in failing["message"]
        assert len(failing["message"]) < 700

    play(scene)


def test_the_condition_keeps_its_time_and_goes_with_the_next_success() -> None:
    async def scene(s: Scene) -> None:
        old = {"type": "Failing", "status": "True", "lastTransitionTime": text(NOON)}
        s.cluster.seen_tasks = [replace(TASK, reported={"conditions": [old]})]
        status = await s.status_after(failed(of_job(1)))
        assert status["conditions"][0]["lastTransitionTime"] == text(NOON)
        assert s.api.events == []
        status = await s.status_after(completed(of_job(2)))
        assert "conditions" not in status
        assert status["consecutiveFailures"] == 0

    play(scene)


def test_a_success_before_the_records_that_were_looked_at_is_not_forgotten() -> None:
    async def scene(s: Scene) -> None:
        s.cluster.seen_tasks = [replace(TASK, reported={"lastSuccessfulTime": text(NOON)})]
        jobs = [failed(of_job(number)) for number in range(MOST + 10)]
        await s.store.record_all(jobs)
        status = await s.status_after()
        assert status["lastSuccessfulTime"] == text(NOON)
        assert status["consecutiveFailures"] == MOST
        assert status["conditions"][0]["message"].startswith(f"At least {MOST} jobs have failed")

    play(scene)


def test_what_did_not_run_is_the_last_job_and_no_failure() -> None:
    async def scene(s: Scene) -> None:
        await s.status_after(completed(of_job(1)))
        await s.store.record_stretches([stretch(2, 5, 4)])
        status = await s.status_after()
        assert status["lastJob"] == {
            "scheduledTime": text(minutes(5)),
            "status": "missed",
            "reason": "LoopDown",
        }
        assert status["consecutiveFailures"] == 0

    play(scene)


def test_only_of_a_loops_task_running_jobs_and_the_last_start_are_written_here() -> None:
    async def scene(s: Scene) -> None:
        await s.store.claim(begun())
        assert await s.status_after() == {}
        s.cluster.seen_tasks = [replace(TASK, backend="Loop")]
        s.writer = s.new_writer()
        assert await s.status_after() == {"active": 1, "lastScheduleTime": text(NOON)}
        status = await s.status_after(completed(begun()))
        assert (status["active"], status["lastScheduleTime"]) == (0, text(NOON))

    play(scene)


def test_a_task_that_moved_to_a_cron_job_leaves_the_operators_fields_alone() -> None:
    async def scene(s: Scene) -> None:
        theirs = {"active": 3, "lastScheduleTime": text(NOON)}
        s.cluster.seen_tasks = [replace(TASK, backend="CronJob", reported=theirs)]
        await s.status_after()
        assert s.api.applied == []

    play(scene)


def test_a_task_in_conflict_does_not_show_the_jobs_of_the_older_one() -> None:
    async def scene(s: Scene) -> None:
        younger = replace(TASK, name="copy", uid="2", is_conflicting=True)
        s.cluster.seen_tasks = [TASK, younger]
        await s.status_after(failed(of_job(1)))
        assert [name for name, _ in s.api.applied] == ["restock"]

    play(scene)


def test_a_reason_that_is_no_word_is_left_out() -> None:
    async def scene(s: Scene) -> None:
        status = await s.status_after(failed(of_job(1), reason="not a word"))
        assert "reason" not in status["lastJob"]
        assert status["conditions"][0]["reason"] == "Failed"

    play(scene)


def test_nothing_new_is_nothing_written_also_after_a_restart() -> None:
    async def scene(s: Scene) -> None:
        await s.status_after(failed(of_job(1)))
        await s.writer.write()
        await s.new_writer().write()
        assert len(s.api.applied) == 1

    play(scene)


def test_a_refused_write_is_tried_again() -> None:
    async def scene(s: Scene) -> None:
        s.api.refuses = True
        assert await s.status_after(failed(of_job(1))) == {}
        s.api.refuses = False
        assert (await s.status_after())["consecutiveFailures"] == 1

    play(scene)


def test_writes_are_few_and_those_that_begin_to_fail_come_first() -> None:
    async def scene(s: Scene) -> None:
        tasks = [
            replace(TASK, task_id=f"t{number}", name=f"t{number}", uid=f"{number}", backend="Loop")
            for number in range(apply.MOST_TASKS + 50)
        ]
        s.cluster.seen_tasks = list(tasks)
        await s.store.record(failed(of_job(1, task_id="t7", job_id="o.ScheduledJob.t7")))
        await s.writer.write()
        names = [name for name, _ in s.api.applied]
        assert len(names) == apply.MOST_TASKS
        assert names[0] == "t7"
        assert s.pauses == [apply.PAUSE_SECONDS] * apply.MOST_TASKS
        assert apply.PAUSE_SECONDS * 20 == 1
        await s.writer.write()
        assert len(s.api.applied) == len(tasks), "the others come next"

    play(scene)


def test_nothing_is_written_before_the_tasks_are_known_or_while_the_history_is_away() -> None:
    async def scene(s: Scene) -> None:
        await s.store.record(failed(of_job(1)))
        s.cluster.synced = False
        await s.writer.write()
        s.cluster.synced = True
        s.store.away = True
        with pytest.raises(HistoryUnavailable):
            await s.writer.write()
        with pytest.raises(asyncio.CancelledError):
            await s.writer.run()
        assert s.api.applied == []

    play(scene)
