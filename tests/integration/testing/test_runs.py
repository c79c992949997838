"""`run_task` runs a job as the scheduler does: a process, the limit, the retries, the report."""

import asyncio
import os
import time
from collections.abc import Callable

import pytest

from jvscheduler import on_schedule
from jvscheduler.errors import InvalidSettings
from jvscheduler.history import Object, ScheduledJob
from jvscheduler.testing import MemoryHistory, run_task

Run = Callable[..., ScheduledJob]


class Seen(Object):
    """An entity."""

    name: str = ""


@on_schedule("daily", args={"count": 3})
def counts(count: int) -> dict[str, int]:
    return {"count": count, "pid": os.getpid()}


@on_schedule("daily", retry_count=2)
async def fails_at_first() -> int:
    await Seen.create(name="once more")
    if await Seen.count() < 3:
        raise ConnectionError("not yet")
    return int(await Seen.count())


@on_schedule("daily", timeout_seconds=1)
def hangs() -> None:
    time.sleep(60)


@on_schedule("daily", task_id="eu")
@on_schedule("daily", task_id="us")
def twice() -> str:
    return os.environ["JVSCHEDULER_TASK_ID"]


@on_schedule("daily")
def kills_itself() -> None:
    os.abort()


def test_it_is_a_process_of_its_own(jvscheduler_run: Run) -> None:
    job = jvscheduler_run(counts)
    assert job.status == "completed"
    assert job.result["count"] == 3
    assert job.result["pid"] != os.getpid()
    assert jvscheduler_run(counts, args={"count": 4}).result["count"] == 4


def test_a_retry_follows_at_once_and_finds_the_entities(
    jvscheduler_run: Run, jvscheduler_history: MemoryHistory
) -> None:
    job = jvscheduler_run(fails_at_first)
    assert (job.status, job.result) == ("completed", 3)
    assert [attempt["status"] for attempt in job.attempts] == ["failed", "failed", "completed"]
    assert asyncio.run(jvscheduler_history.jobs_with_id(job.id)) == [job]


def test_the_limit_ends_it(jvscheduler_run: Run) -> None:
    job = jvscheduler_run(hangs)
    assert (job.status, job.reason) == ("timeout", "DeadlineExceeded")


@pytest.mark.parametrize("task_id", ["eu", "us"])
def test_one_of_several_tasks_is_chosen(jvscheduler_run: Run, task_id: str) -> None:
    assert jvscheduler_run(twice, task_id=task_id).result == task_id


def test_a_crash_is_no_crash_of_the_test() -> None:
    job = run_task(kills_itself)
    assert job.status == "failed"
    assert "SIGABRT" in (job.error_message or "")


@pytest.mark.parametrize(("target", "task_id"), [(twice, None), (twice, "uk"), (len, None)])
def test_a_target_without_such_a_task_is_refused(target: object, task_id: str | None) -> None:
    with pytest.raises(InvalidSettings, match="choose a task of"):
        run_task(target, task_id=task_id)
