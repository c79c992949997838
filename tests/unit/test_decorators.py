"""`on_schedule` attaches a task, and refuses at once a function that could never run."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any

import pytest
from jvspatial.core import Walker

from jvscheduler import on_schedule, parse_schedule
from jvscheduler.decorators import decorated, task_of
from jvscheduler.errors import InvalidSchedule, InvalidTask

MODULE = __name__


def plain(amount: int = 2, *rest: int, key: str = "") -> int:
    """Adds up."""
    return amount + sum(rest) + len(key)


async def asynchronous() -> str:
    return "done"


class Visits(Walker):
    depth: int = 3


class VisitsMore(Visits):
    pass


def größe() -> None:  # noqa: PLC2401
    pass


def fresh() -> Callable[[], None]:
    """A function of this module that no test has decorated."""

    def function() -> None:
        pass

    function.__qualname__ = function.__name__ = "fresh"
    return function


def test_the_function_comes_back_unchanged() -> None:
    assert on_schedule("daily")(plain) is plain
    assert plain(1, 2, key="abc") == 6
    assert plain.__doc__ == "Adds up."
    assert on_schedule("daily")(asynchronous) is asynchronous
    assert asyncio.run(asynchronous()) == "done"


def test_the_task_has_the_options_of_the_decorator() -> None:
    decorate = on_schedule(
        "daily at 9:00",
        task_id="shop.report",
        enabled=False,
        max_concurrent=3,
        timeout_seconds=60,
        retry_count=2,
        description="Sums up\nthe day: 1,50 €",
        time_zone="Europe/Berlin",
    )
    task = task_of(decorate(fresh()))
    assert task is not None
    assert (task.task_id, task.entrypoint) == ("shop.report", f"{MODULE}:fresh")
    assert (str(task.schedule), task.schedule.time_zone) == ("daily at 09:00", "Europe/Berlin")
    assert (task.enabled, task.max_concurrent, task.timeout_seconds) == (False, 3, 60)
    assert (task.retry_count, task.description) == (2, "Sums up\nthe day: 1,50 €")


def test_the_defaults() -> None:
    task = task_of(on_schedule("hourly")(fresh()))
    assert task is not None
    assert task.task_id == f"{MODULE}.fresh"
    assert (task.enabled, task.max_concurrent, task.timeout_seconds) == (True, 1, None)
    assert (task.retry_count, task.description, task.schedule.time_zone) == (0, "", "UTC")


def test_a_random_interval_draws_from_the_tasks_id() -> None:
    tasks = [task_of(on_schedule("every 5 to 10 minutes", task_id=i)(fresh())) for i in "aab"]
    seeds = [task.schedule.seed for task in tasks if task]
    assert seeds == ["a", "a", "b"]
    unnamed = task_of(on_schedule("every 5 to 10 minutes")(fresh()))
    assert unnamed is not None
    assert unnamed.schedule.seed == f"{MODULE}.fresh"


@pytest.mark.parametrize(
    ("named", "zone"), [(None, "Asia/Tokyo"), ("UTC", "UTC"), ("Europe/Berlin", "Europe/Berlin")]
)
def test_a_task_that_names_no_time_zone_may_be_given_one(named: str | None, zone: str) -> None:
    task = task_of(on_schedule("daily at 09:00", time_zone=named)(fresh()))
    assert task is not None
    assert task.schedule.time_zone == (named or "UTC")
    assert task.with_default_zone("Asia/Tokyo").schedule == parse_schedule(
        "daily at 09:00", zone, seed=task.task_id
    )


def test_a_task_chooses_what_happens_at_a_clock_change() -> None:
    task = task_of(on_schedule("daily at 02:30", time_zone="Europe/Berlin", dst="once")(fresh()))
    assert task is not None
    assert (task.schedule.dst, task.schedule.cron) == ("once", None)
    with pytest.raises(InvalidSchedule, match="dst must be"):
        on_schedule("daily", dst="twice")  # type: ignore[arg-type]


def test_a_walker_class_is_a_task_and_its_subclass_is_not() -> None:
    assert on_schedule("hourly")(Visits) is Visits
    task = task_of(Visits)
    assert task is not None
    assert task.entrypoint == f"{MODULE}:Visits"
    assert task_of(VisitsMore) is None
    assert Visits().depth == 3


def test_a_decorator_above_keeps_the_task() -> None:
    inner = on_schedule("hourly")(fresh())

    @functools.wraps(inner)
    def outer() -> None:
        inner()

    assert task_of(outer) is task_of(inner)


def test_all_decorated_tasks_are_remembered() -> None:
    task = task_of(on_schedule("hourly")(fresh()))
    assert any(other is task for other in decorated())


@pytest.mark.parametrize(
    "thing", [None, 1, "text", object(), len, functools.partial(plain), staticmethod(fresh())]
)
def test_other_things_have_no_task(thing: object) -> None:
    assert task_of(thing) is None


def test_a_name_that_no_process_could_import_is_refused() -> None:
    with pytest.raises(InvalidTask, match="must be ASCII"):
        on_schedule("daily", task_id="size")(größe)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task_id": ""}, "task_id must be 1 to 253"),
        ({"task_id": "a b"}, "task_id must be"),
        ({"task_id": "a\n"}, "task_id must be"),
        ({"task_id": "-a"}, "task_id must be"),
        ({"task_id": "x" * 254}, "task_id must be"),
        ({"task_id": 5}, "task_id must be"),
        ({"enabled": 1}, "enabled must be True or False, got 1"),
        ({"enabled": "no"}, "enabled must be"),
        ({"max_concurrent": 0}, "max_concurrent must be a whole number from 1 to 1000, got 0"),
        ({"max_concurrent": True}, "max_concurrent must be"),
        ({"max_concurrent": 1001}, "max_concurrent must be"),
        ({"max_concurrent": None}, "max_concurrent must be"),
        ({"timeout_seconds": 0}, "timeout_seconds must be"),
        ({"timeout_seconds": -1}, "timeout_seconds must be"),
        ({"timeout_seconds": 1.5}, "timeout_seconds must be"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds must be"),
        ({"timeout_seconds": True}, "timeout_seconds must be"),
        ({"timeout_seconds": "60"}, "timeout_seconds must be"),
        ({"timeout_seconds": 2**31}, "timeout_seconds must be"),
        ({"retry_count": -1}, "retry_count must be a whole number from 0 to 100"),
        ({"retry_count": False}, "retry_count must be"),
        ({"retry_count": 101}, "retry_count must be"),
        ({"description": None}, "description must be"),
        ({"description": "x" * 1025}, "description must be"),
        ({"description": "bell \a"}, "description must be"),
        ({"description": "\ud800"}, "description must be"),
        ({"concurrency_policy": "Allow"}, "must be 'Forbid' or 'Replace', got 'Allow'"),
        ({"concurrency_policy": ["Replace"]}, "concurrency_policy must be"),
        ({"starting_deadline_seconds": 9}, "must be a whole number from 10 to"),
        ({"successful_jobs_history_limit": -1}, "from 0 to 1000"),
        ({"failed_jobs_history_limit": None}, "failed_jobs_history_limit must be"),
        ({"backend": "cronjob"}, "backend must be 'CronJob' or 'Loop', got 'cronjob'"),
        (
            {"backend": "CronJob", "concurrency_policy": "Replace"},
            "backend='CronJob': concurrencyPolicy Replace needs the Loop",
        ),
    ],
)
def test_an_option_that_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidTask, match=message) as refused:
        on_schedule("daily", **options)
    assert len(str(refused.value)) < 300


def test_a_schedule_that_the_backend_cannot_carry_is_refused() -> None:
    with pytest.raises(InvalidTask, match=r"backend='CronJob': 'every 7 minutes'.*nearest form"):
        on_schedule("every 7 minutes", backend="CronJob")


@pytest.mark.parametrize(
    ("schedule", "time_zone"),
    [("dayly", "UTC"), ("every 0 minutes", "UTC"), ("daily", "Local"), (None, "UTC"), (5, "UTC")],
)
def test_a_schedule_is_refused_when_the_decorator_is_called(schedule: Any, time_zone: str) -> None:
    with pytest.raises(InvalidSchedule):
        on_schedule(schedule, time_zone=time_zone)


def test_a_decorator_without_its_call_is_refused() -> None:
    with pytest.raises(InvalidTask, match="needs a schedule"):
        on_schedule(plain)  # type: ignore[arg-type]
