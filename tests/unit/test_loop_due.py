"""When `dev` runs what, and what it makes of an attempt's end."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.history.merge import opened
from jvscheduler.loop.attempts import claim_of, job_name, new_attempt, variables
from jvscheduler.loop.due import due_between, next_instant
from jvscheduler.loop.endings import ended, silent_attempts
from jvscheduler.outcomes import Reason, Status, to_message
from jvscheduler.runner.retries import is_retried
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from tests.outcomes import NOON, begun, completed, failed


def task(name: str, schedule: str, *, enabled: bool = True) -> Task:
    parsed = parse_schedule(schedule)
    return Task(f"shop.tasks.{name}", f"shop.tasks:{name}", parsed, enabled=enabled)


MINUTELY = task("minutely", "every minute")
HOURLY = task("hourly", "hourly")
SUSPENDED = task("suspended", "every minute", enabled=False)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def test_the_next_instant_is_that_of_the_first_task_due() -> None:
    assert next_instant([HOURLY, MINUTELY], minutes(0.5)) == minutes(1)
    assert next_instant([HOURLY, SUSPENDED], minutes(0.5)) == minutes(60)
    assert next_instant([SUSPENDED], minutes(0.5)) is None


def test_due_is_what_lies_after_the_last_look() -> None:
    assert due_between([MINUTELY], minutes(1), minutes(1.9)) == []
    (due,) = due_between([MINUTELY, HOURLY], minutes(1), minutes(2))
    assert (due.task, due.instant, due.missed) == (MINUTELY, minutes(2), 0)


def test_a_suspended_task_is_never_due() -> None:
    assert due_between([SUSPENDED], minutes(0), minutes(60)) == []


def test_after_a_sleep_only_the_last_instant_runs() -> None:
    (first, last) = due_between([MINUTELY, HOURLY], minutes(50), minutes(61.5))
    assert (first.task, first.instant, first.missed) == (HOURLY, minutes(60), 0)
    assert (last.task, last.instant, last.missed) == (MINUTELY, minutes(61), 10)


def test_an_attempt_is_told_what_a_pod_would_be_told() -> None:
    limited = Task("shop.tasks.Restock", "shop.tasks:Restock", MINUTELY.schedule, timeout_seconds=9)
    attempt = new_attempt(limited, job_name(limited, NOON))
    told = variables(attempt, "sqlite:///h.db", "/tmp/message")
    assert {name.removeprefix("JVSCHEDULER_"): value for name, value in told.items()} == {
        "TASK_ID": "shop.tasks.Restock",
        "TASK_NAME": "shop-tasks-restock",
        "ENTRYPOINT": "shop.tasks:Restock",
        "TIMEOUT_SECONDS": "9",
        "RETRY_COUNT": "0",
        "MAX_CONCURRENT": "1",
        "JOB_NAME": f"shop-tasks-restock-{int(NOON.timestamp()) // 60}",
        "NAMESPACE": "dev",
        "POD_NAME": attempt.attempt_id,
        "DATABASE_URL": "sqlite:///h.db",
        "TERMINATION_LOG": "/tmp/message",
        "QUIET": "1",
    }
    assert claim_of(attempt, NOON).scheduled_time == NOON


def test_the_runners_message_is_believed() -> None:
    said = completed(begun())
    assert ended(to_message(said), 0, begun(), NOON) == said


@pytest.mark.parametrize("message", ["", "a user's own words", json.dumps({"a": 1})])
def test_a_runner_that_was_killed_is_lost(message: str) -> None:
    outcome = ended(message, -9, begun(), NOON)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (Status.FAILED, Reason.RUNNER_LOST)


def test_a_runner_that_found_its_job_taken_says_nothing() -> None:
    assert ended("", 0, begun(), NOON) is None


def test_what_failed_is_retried_while_attempts_are_left() -> None:
    once = failed(begun(retry_count=1))
    assert is_retried(once, 1)
    assert not is_retried(once, 2)
    assert not is_retried(completed(begun(retry_count=1)), 1)
    assert not is_retried(None, 1)


def test_a_job_that_fell_silent_is_closed_and_one_that_beats_is_not() -> None:
    now = datetime(2026, 3, 2, 12, 1, tzinfo=UTC)
    job = opened(begun(retry_count=2))
    (closing,) = silent_attempts(job, now)
    assert closing.reason == Reason.RUNNER_LOST
    assert (closing.job_id, closing.attempt_id) == (begun().job_id, "pod-a")
    assert closing.retry_count == 2
    beating = job.model_copy(update={"heartbeat_time": now - timedelta(seconds=29)})
    assert silent_attempts(beating, now) == ()
    assert silent_attempts(opened(completed(begun())), now) == ()
