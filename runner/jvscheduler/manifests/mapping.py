"""The one mapping between the forms of a task: `Task`, the spec of its resource, its environment.

Discovery, `build`, the operator and the loop convert a task here. A new field of
`Task` is added to these functions first. Code that reads or sets single fields by
their names may need it too: the decorator, the revision (`due_instants.definition`),
the runner's settings, and the variables of a loop's attempt (`loop.execution.jobs`).
`tests/unit/test_task_fields.py` fails when a field does not arrive.

A spec is handled as JSON has it, by the API's keys, and not as the pydantic
model: `build` does without pydantic, which takes longer to load than a module
of tasks.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from jvscheduler import environment
from jvscheduler.arguments.values import to_text
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task

_VARIABLES: Final = {
    "taskID": environment.TASK_ID,
    "entrypoint": environment.ENTRYPOINT,
    "activeDeadlineSeconds": environment.TIMEOUT_SECONDS,
    "backoffLimit": environment.RETRY_COUNT,
    "retryDelaySeconds": environment.RETRY_DELAY_SECONDS,
    "maxConcurrency": environment.MAX_CONCURRENT,
}
"""Keys of the spec that the runner in a task's pod needs, with their environment variables."""


def to_spec(task: Task) -> dict[str, Any]:
    """The part of the spec that the decorator decides; an option without a value is None."""
    schedule = task.schedule
    return {
        "taskID": task.task_id,
        "entrypoint": task.entrypoint,
        "schedule": schedule.text,
        "timeZone": schedule.time_zone,
        "dst": schedule.dst,
        "suspend": not task.enabled,
        "maxConcurrency": task.max_concurrent,
        "activeDeadlineSeconds": task.timeout_seconds,
        "backoffLimit": task.retry_count,
        "retryDelaySeconds": task.retry_delay_seconds,
        "noRetryOn": list(task.no_retry_on),
        "description": task.description,
        "concurrencyPolicy": task.concurrency_policy,
        "startingDeadlineSeconds": task.starting_deadline_seconds,
        "successfulJobsHistoryLimit": task.successful_jobs_history_limit,
        "failedJobsHistoryLimit": task.failed_jobs_history_limit,
        "backend": task.backend,
        "jitterSeconds": task.jitter_seconds,
        "args": dict(task.args),
        "argsSchema": task.args_schema,
        "template": task.template,
    }


def to_task(spec: Mapping[str, Any]) -> Task:
    """The inverse of `to_spec`. Raises InvalidSchedule."""
    return Task(
        task_id=spec["taskID"],
        entrypoint=spec["entrypoint"],
        schedule=parse_schedule(spec["schedule"], spec["timeZone"], spec["taskID"], spec["dst"]),
        enabled=not spec["suspend"],
        max_concurrent=spec["maxConcurrency"],
        timeout_seconds=spec["activeDeadlineSeconds"],
        retry_count=spec["backoffLimit"],
        retry_delay_seconds=spec["retryDelaySeconds"],
        no_retry_on=tuple(spec["noRetryOn"]),
        description=spec["description"],
        concurrency_policy=spec["concurrencyPolicy"],
        starting_deadline_seconds=spec["startingDeadlineSeconds"],
        successful_jobs_history_limit=spec["successfulJobsHistoryLimit"],
        failed_jobs_history_limit=spec["failedJobsHistoryLimit"],
        backend=spec["backend"],
        template=spec.get("template"),  # a loop reads none: its pod has it
        jitter_seconds=spec["jitterSeconds"],
        args=spec["args"],
        args_schema=spec["argsSchema"],
    )


def to_row(task: Task) -> dict[str, Any]:
    """The whole task as JSON, for another process of this machine.

    The row holds the text of the schedule, which the reader parses again. A
    pickle would let the user's module run code in the reader.
    """
    return {"spec": to_spec(task), "stated": dict(task.stated)}


def from_row(row: Mapping[str, Any]) -> Task:
    """The inverse of `to_row`. Raises InvalidSchedule."""
    return replace(to_task(row["spec"]), stated=row["stated"])


def to_variables(spec: Mapping[str, Any]) -> dict[str, str]:
    """Environment variables for the runner in the task's pod; a key without a value has none."""
    values = {variable: spec[key] for key, variable in _VARIABLES.items()}
    values[environment.JITTER_SECONDS] = spec["jitterSeconds"] or None
    values[environment.ARGS] = to_text(spec["args"]) if spec["args"] else None
    values[environment.NO_RETRY_ON] = ",".join(spec["noRetryOn"]) or None
    return {variable: str(value) for variable, value in values.items() if value is not None}
