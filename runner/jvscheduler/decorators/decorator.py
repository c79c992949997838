"""`on_schedule` attaches a Task to a function and returns the function itself.

A mistake raises an error when the module is imported, and not at the first due
instant. `on_schedule(…)` checks the options; applying it checks the function.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

from jvscheduler.arguments import parameters, values
from jvscheduler.decorators import attached, exceptions, options, targets
from jvscheduler.decorators.exceptions import ExceptionName
from jvscheduler.decorators.pods import Pod
from jvscheduler.decorators.stated import with_stated
from jvscheduler.decorators.templates import template_of
from jvscheduler.errors import InvalidTask
from jvscheduler.schedules import Dst, FluentJob, is_fluent, parse_schedule, translated
from jvscheduler.tasks import Backend, ConcurrencyPolicy, Task

_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "args": values.checked,
    "no_retry_on": exceptions.names_of,
}
"""Options that a task holds in another form than their caller gives them."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@with_stated
def on_schedule(  # noqa: PLR0913 - each is an option of a task
    stated: frozenset[str],
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
    pod: Pod | None = None,
    template: Mapping[str, Any] | None = None,
    jitter_seconds: int = 0,
    concurrency_policy: ConcurrencyPolicy = "Forbid",
    starting_deadline_seconds: int | None = None,
    successful_jobs_history_limit: int = 3,
    failed_jobs_history_limit: int = 3,
    backend: Backend | None = None,
) -> Callable[[Decorated], Decorated]:
    """Run the function, async function or Walker class below at the times of `schedule`.

    It may be a static method of a class, or a `functools.partial` that a name of the module is
    bound to. With a `task_id` each, it may have several schedules.

    `schedule` is a text, or a job of the `schedule` package such as `every(5).to(10).minutes`.
    It is read in `time_zone`: UTC if absent, or the default zone of the user's server. `dst` says
    what happens where the clock of that zone changes: "cron" follows cron's rule, "once" runs
    each time of a day exactly once. A job starts up to `jitter_seconds` after it is due, at a time
    that the task's id and the due instant decide.

    `task_id` is `module.function` if absent. The history is keyed by it, and a random interval
    draws from it. `timeout_seconds` limits one attempt. `retry_count` attempts may follow the
    first, the second one after `retry_delay_seconds` and each later one after twice the pause.
    None follows an exception of `no_retry_on`: classes, or their dotted names.

    A job over `max_concurrent` is skipped; with `concurrency_policy="Replace"` it ends the
    oldest one instead. A job that cannot start within `starting_deadline_seconds` is missed. A
    task that is not `enabled` is suspended.

    `args` are values for the function's own parameters, as JSON.
    `pod` is what the task needs of its pod: memory, environment, Secrets, volumes and so on.
    `template` is a partial pod template for the rest.

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
        stated=_stated(stated, zone, pod, template),
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
        jitter_seconds=jitter_seconds,
        args={} if args is None else values.checked(args),
        template=template_of(pod, template),
    )
    options.check_options(draft)
    if task_id is not None:
        options.check_task_id(task_id)
    return _decorator(draft)


def _decorator(draft: Task) -> Callable[[Decorated], Decorated]:
    """`draft` has the options, and no target yet."""

    def decorate(target: Decorated) -> Decorated:
        # The caller's module: a partial gets its name there.
        _attach(draft, target, sys._getframe(1).f_globals["__name__"])  # noqa: SLF001
        return target

    return decorate


def _attach(draft: Task, target: Any, caller: str) -> None:
    function = targets.callee_of(target)
    targets.check_target(function)
    parameters.check_names(function, targets.name_of(function), draft.args)
    if isinstance(function, partial):
        attached.attach_when_named(caller, function, partial(_named, draft, caller))
    else:
        attached.attach(function, _named(draft, function.__module__, function.__qualname__))


def _named(draft: Task, module: str, name: str) -> Task:
    """The task of what has this name in this module. Raises InvalidTask."""
    task_id = draft.task_id or targets.default_task_id(module, name)
    entrypoint = targets.entrypoint_of(module, name)
    # A random interval and `H` draw from the task's id, which is known only here.
    schedule = draft.schedule.of_task(task_id)
    return replace(draft, task_id=task_id, entrypoint=entrypoint, schedule=schedule)


def _stated(
    names: frozenset[str], zone: str | None, pod: object, template: object
) -> dict[str, Any]:
    # A job of the `schedule` package may have a zone, and None stands for none.
    of_zone = {"time_zone"} if zone is not None else set()
    values = {"pod": pod, "template": template}
    return {name: values.get(name) for name in sorted((names - {"time_zone"}) | of_zone)}


def options_of(task: Task) -> dict[str, Any]:
    """Every option of the task by its name here, but its id, and `pod`: the template has it."""
    own = task.schedule
    values = {**vars(task), "schedule": own.text, "time_zone": own.time_zone, "dst": own.dst}
    names = inspect.signature(on_schedule).parameters
    return {name: values[name] for name in names if name not in ("task_id", "pod")}


def restated(task: Task, given: Mapping[str, Any]) -> Task:
    """The task with these options of `on_schedule` in place of its own; of `pod` and `template`
    both or none are given.

    Raises InvalidSchedule and InvalidTask.
    """
    own = task.schedule
    of_schedule = {"schedule": own.text, "time_zone": own.time_zone, "dst": own.dst}
    text, zone, dst = ({**of_schedule, **given}[name] for name in of_schedule)
    rest = {
        name: _READ[name](value) if name in _READ else value
        for name, value in given.items()
        if name not in (*of_schedule, "pod", "template")
    }
    if "pod" in given or "template" in given:
        rest["template"] = template_of(given.get("pod"), given.get("template"))
    parsed = parse_schedule(text, zone, task.task_id, dst)
    changed = replace(task, schedule=parsed, stated={**task.stated, **dict.fromkeys(given)}, **rest)
    options.check_options(changed)
    return changed


def _text_and_zone(schedule: str | FluentJob, time_zone: str | None) -> tuple[str, str | None]:
    if isinstance(schedule, str) or not is_fluent(schedule):
        # parse_schedule refuses a value of any other type, with a message for the user.
        return schedule, time_zone  # type: ignore[return-value]
    return translated(schedule, time_zone)
