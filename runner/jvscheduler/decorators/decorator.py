"""`on_schedule` attaches a Task to a function and returns the function itself.

A mistake raises an error when the module is imported, and not at the first due
instant. `on_schedule(…)` checks the options; applying it checks the function.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from jvscheduler.arguments import parameters, values
from jvscheduler.decorators import attached, exceptions, options, targets
from jvscheduler.decorators.exceptions import ExceptionName
from jvscheduler.errors import InvalidTask
from jvscheduler.schedules import Dst, FluentJob, is_fluent, parse_schedule, translated
from jvscheduler.tasks import Backend, ConcurrencyPolicy, Task

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def on_schedule(  # noqa: PLR0913 - each is an option of a task
    schedule: str | FluentJob,
    *,
    task_id: str | None = None,
    enabled: bool = True,
    max_concurrent: int = 1,
    timeout_seconds: int | None = None,
    retry_count: int = 0,
    retry_delay_seconds: int = 10,
    no_retry_on: ExceptionName | Sequence[ExceptionName] = (),
    description: str = "",
    args: Mapping[str, Any] | None = None,
    time_zone: str | None = None,
    dst: Dst = "cron",
    concurrency_policy: ConcurrencyPolicy = "Forbid",
    starting_deadline_seconds: int | None = None,
    successful_jobs_history_limit: int = 3,
    failed_jobs_history_limit: int = 3,
    backend: Backend | None = None,
) -> Callable[[Decorated], Decorated]:
    """Run the function, async function or Walker class below at the times of `schedule`.

    `schedule` is a text, or a job of the `schedule` package such as `every(5).to(10).minutes`.
    It is read in `time_zone`: UTC if absent, or the default zone of the user's server. `dst` says
    what happens where the clock of that zone changes: "cron" follows cron's rule, "once" runs
    each time of a day exactly once.

    `task_id` is `module.function` if absent. The history is keyed by it, and a random interval
    draws from it. `timeout_seconds` limits one attempt. `retry_count` attempts may follow the
    first, the second one after `retry_delay_seconds` and each later one after twice the pause.
    None follows an exception of `no_retry_on`: classes, or their dotted names.

    A job over `max_concurrent` is skipped; with `concurrency_policy="Replace"` it ends the
    oldest one instead. A job that cannot start within `starting_deadline_seconds` is missed. A
    task that is not `enabled` is suspended.

    `args` are values for the function's own parameters, as JSON.

    In a cluster, `backend` is what carries the task, and the history limits say how many ended
    Jobs a CronJob keeps.

    Raises InvalidSchedule and InvalidTask.
    """
    if callable(schedule):
        raise InvalidTask("on_schedule needs a schedule: write @on_schedule('daily at 14:30')")
    text, zone = _text_and_zone(schedule, time_zone)
    parsed = parse_schedule(text, "UTC" if zone is None else zone, dst=dst)
    draft = Task(
        task_id="" if task_id is None else task_id,
        entrypoint="",
        schedule=parsed,
        has_own_zone=zone is not None,
        enabled=enabled,
        max_concurrent=max_concurrent,
        timeout_seconds=timeout_seconds,
        retry_count=retry_count,
        retry_delay_seconds=retry_delay_seconds,
        no_retry_on=exceptions.names_of(no_retry_on),
        description=description,
        concurrency_policy=concurrency_policy,
        starting_deadline_seconds=starting_deadline_seconds,
        successful_jobs_history_limit=successful_jobs_history_limit,
        failed_jobs_history_limit=failed_jobs_history_limit,
        backend=backend,
        args={} if args is None else values.checked(args),
    )
    options.check_options(draft)
    if task_id is not None:
        options.check_task_id(task_id)

    def decorate(target: Decorated) -> Decorated:
        targets.check_target(target)
        parameters.check_names(target, targets.name_of(target), draft.args)
        own_id = task_id if task_id is not None else targets.default_task_id(target)
        entrypoint = targets.entrypoint_of(target)
        # A random interval and `H` draw from the task's id, which is known only here.
        schedule = parsed.of_task(own_id)
        task = replace(draft, task_id=own_id, entrypoint=entrypoint, schedule=schedule)
        attached.attach(target, task)
        return target

    return decorate


def _text_and_zone(schedule: str | FluentJob, time_zone: str | None) -> tuple[str, str | None]:
    if isinstance(schedule, str) or not is_fluent(schedule):
        # parse_schedule refuses a value of any other type, with a message for the user.
        return schedule, time_zone  # type: ignore[return-value]
    return translated(schedule, time_zone)
