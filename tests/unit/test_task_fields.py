"""A field of a task reaches every part that needs it. A forgotten step of the recipe fails here.

The recipe is "Add a field to the spec" in CONTRIBUTING. The tests use the real
functions: the decorator, the process that discovers tasks, `build`, the
operator, the runner's settings and the loop's assignments.
"""

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from jvscheduler.decorators import task_of
from jvscheduler.discovery import discover
from jvscheduler.due_instants.definition import definition_of, revision_of
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from tests.support.task_forms import SPEC, InPod, built, definition, in_pod, stored

TASKS = """
from datetime import date

from jvscheduler import on_schedule


@on_schedule(
    "daily at 03:00",
    task_id="shop.every-option",
    enabled=False,
    max_concurrent=2,
    timeout_seconds=60,
    retry_count=3,
    jitter_seconds=60,
    retry_delay_seconds=30,
    no_retry_on=(ValueError, "shop.errors.SoldOut"),
    description="Sets every option",
    time_zone="Europe/Berlin",
    starting_deadline_seconds=30,
    successful_jobs_history_limit=1,
    failed_jobs_history_limit=2,
    backend="CronJob",
    args={"shelf": "A", "day": "2026-03-02"},
    pod={"node_selector": {"disk": "ssd"}},
)
def every_option(shelf: str, day: date, count: int = 1) -> None: ...


@on_schedule("daily at 02:30", dst="once", time_zone="Europe/Berlin")
def once_a_day() -> None: ...


@on_schedule("every 7 minutes", concurrency_policy="Replace", backend="Loop")
def replaces() -> None: ...


@on_schedule("hourly")
def without_a_zone() -> None: ...
"""


class Example(NamedTuple):
    """The same tasks as their module holds them and as the discovery returns them."""

    decorated: Mapping[str, Task]
    discovered: Mapping[str, Task]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("every_option")
    (folder / "every_option_tasks.py").write_text(TASKS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        module = importlib.import_module("every_option_tasks")
        discovered = discover(["every_option_tasks"], time_limit=60)
    decorated = [task for value in vars(module).values() if (task := task_of(value)) is not None]
    return Example({_function(t): t for t in decorated}, {_function(t): t for t in discovered})


def _function(task: Task) -> str:
    return task.entrypoint.partition(":")[2]


def test_the_example_gives_every_field_another_value_than_the_default(example: Example) -> None:
    same = {
        field.name
        for field in dataclasses.fields(Task)
        if field.default is not dataclasses.MISSING
        and getattr(example.decorated["every_option"], field.name) == field.default
    }
    assert same == {"concurrency_policy", "args_schema"}, "set the new option in TASKS"
    assert example.decorated["without_a_zone"].stated == {}
    assert example.decorated["replaces"].concurrency_policy == "Replace"


@pytest.mark.parametrize("function", ["every_option", "once_a_day", "replaces", "without_a_zone"])
def test_every_field_survives_the_discovery(example: Example, function: str) -> None:
    decorated = example.decorated[function]
    discovered = dataclasses.replace(example.discovered[function], args_schema=None)
    assert discovered == decorated, "see manifests/mapping.py"
    assert discovered.stated == decorated.stated


def test_the_discovery_reads_the_types_of_parameters(example: Example) -> None:
    assert example.discovered["once_a_day"].args_schema is None
    schema = example.discovered["every_option"].args_schema
    assert schema is not None
    assert (schema["required"], set(schema["properties"])) == (
        ["shelf", "day"],
        {"shelf", "day", "count"},
    )


FIELDS_IN_A_POD: Mapping[str, Callable[[InPod], object]] = {
    "task_id": lambda pod: pod.settings.task_id,
    "entrypoint": lambda pod: pod.settings.entrypoint,
    "schedule": lambda pod: (pod.cron_job["schedule"], pod.cron_job["timeZone"]),
    "enabled": lambda pod: not pod.cron_job["suspend"],
    "max_concurrent": lambda pod: pod.settings.max_concurrent,
    "timeout_seconds": lambda pod: pod.settings.timeout_seconds,
    "retry_count": lambda pod: pod.settings.retry_count,
    "starting_deadline_seconds": lambda pod: pod.cron_job["startingDeadlineSeconds"],
    "successful_jobs_history_limit": lambda pod: pod.cron_job["successfulJobsHistoryLimit"],
    "failed_jobs_history_limit": lambda pod: pod.cron_job["failedJobsHistoryLimit"],
    "args": lambda pod: pod.settings.args,
    "jitter_seconds": lambda pod: pod.settings.jitter_seconds,
    "retry_delay_seconds": lambda pod: pod.settings.retry_delay_seconds,
    "no_retry_on": lambda pod: pod.settings.no_retry_on,
    "template": lambda pod: {"spec": {"nodeSelector": pod.pod["nodeSelector"]}},
}
NOT_IN_A_POD = {
    "description": "it is for people, who read it in the ScheduledTask",
    "stated": "the spec states every option",
    "concurrency_policy": "with Replace a loop carries the task",
    "backend": "it chooses between a pod for each job and a loop",
    "args_schema": "the operator checks args by it, and the runner by the function's own types",
}


def test_every_field_reaches_the_pod_or_has_a_reason_not_to() -> None:
    known = {*FIELDS_IN_A_POD, *NOT_IN_A_POD}
    assert known == {field.name for field in dataclasses.fields(Task)}


@pytest.mark.parametrize("field", FIELDS_IN_A_POD)
def test_a_field_survives_to_the_runner(example: Example, field: str) -> None:
    task = example.discovered["every_option"]
    expected = getattr(task, field)
    if field == "schedule":
        expected = (task.schedule.cron, task.schedule.time_zone)
    assert FIELDS_IN_A_POD[field](in_pod(built(task))) == expected


@pytest.mark.parametrize("function", ["every_option", "once_a_day", "replaces"])
def test_every_field_survives_to_the_loop(example: Example, function: str) -> None:
    # The loop's pod has what the template says.
    task = dataclasses.replace(example.discovered[function], template=None)
    assert definition(built(example.discovered[function])).task == task, "see manifests/mapping.py"


NOT_IN_A_REVISION = {
    "timeout_seconds": "it limits an attempt and moves no due instant",
    "retry_count": "it adds attempts and no due instant",
    "retry_delay_seconds": "it is before a further attempt",
    "jitter_seconds": "a job starts later, and its due instant stays what it is",
    "no_retry_on": "it ends a job and moves no due instant",
    "description": "it is for people",
    "successful_jobs_history_limit": "it keeps Jobs that have ended",
    "failed_jobs_history_limit": "it keeps Jobs that have ended",
    "backend": "the revision has the one that serves the task",
    "args": "a job gets those of its start, and they move no due instant",
    "args_schema": "it says what args may be",
}


def test_every_field_that_decides_what_is_due_survives_in_the_history(example: Example) -> None:
    """A loop that starts reads the definition of an earlier loop from the task's revision."""
    served = definition(built(example.discovered["every_option"]))
    revision = revision_of(served, datetime(2026, 3, 2, tzinfo=UTC))
    read = definition_of(revision, served.name, served.task.entrypoint)
    changed = {
        field.name
        for field in dataclasses.fields(Task)
        if getattr(read.task, field.name) != getattr(served.task, field.name)
    }
    assert changed == set(NOT_IN_A_REVISION)


def test_task_and_spec_have_the_same_defaults() -> None:
    schedule = parse_schedule(SPEC["schedule"], seed=SPEC["taskID"])
    assert definition(stored(SPEC)).task == Task(SPEC["taskID"], SPEC["entrypoint"], schedule)
