"""The tasks of modules that are imported already.

A task is found as an attribute of a module. It must also be found by its
entrypoint, because that is all that the runner knows of it. When a second
function takes the name of a decorated one, the runner would run the second
without any notice. That is an error here.

The types of a task's parameters are read here, for the modules are imported: `args` that do not fit
them are an error too.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import ModuleType

from jvscheduler.arguments.parameters import parameters_of
from jvscheduler.decorators import task_of
from jvscheduler.errors import DiscoveryError, InvalidArgs
from jvscheduler.tasks import Task


def scan(modules: Sequence[ModuleType], decorated: Iterable[Task]) -> list[Task]:
    """`decorated` holds every task that the imports have created. Raises DiscoveryError."""
    found: dict[str, Task] = {}
    for module in modules:
        found.update(_tasks_in(module))
    names = {module.__name__ for module in modules}
    for task in decorated:
        if task.module in names and found.get(task.entrypoint) is not task:
            raise DiscoveryError(_unreachable(task))
    return [_with_schema(task) for task in found.values()]


def _with_schema(task: Task) -> Task:
    """The task with the schema of its parameters. Its arguments fit them, or this raises."""
    target = _target_of(task)
    if not parameters_of(target).names:
        return task
    from jvscheduler.arguments.types import schema_of  # noqa: PLC0415 - pydantic is slow to load

    try:
        return replace(task, args_schema=schema_of(target, task.args))
    except InvalidArgs as error:
        raise DiscoveryError(f"task {task.task_id!r} ({task.entrypoint}): {error}") from error


def _tasks_in(module: ModuleType) -> dict[str, Task]:
    tasks = [task for value in vars(module).values() if (task := task_of(value)) is not None]
    if not tasks:
        raise DiscoveryError(
            f"module {module.__name__!r} has no tasks: decorate a function of it with "
            "@on_schedule, or import one that is"
        )
    for task in tasks:
        if _at_entrypoint(task) is not task:
            raise DiscoveryError(_unreachable(task))
    return {task.entrypoint: task for task in tasks}


def _at_entrypoint(task: Task) -> Task | None:
    return task_of(_target_of(task))


def _target_of(task: Task) -> object:
    module, _, name = task.entrypoint.partition(":")
    return getattr(sys.modules.get(module), name, None)


def _unreachable(task: Task) -> str:
    module, _, name = task.entrypoint.partition(":")
    return (
        f"module {module!r}: on_schedule decorates a function {name}, but after the import {name} "
        "is another object: give the function a name of its own, and put no decorator above "
        "on_schedule that returns anything but a function"
    )
