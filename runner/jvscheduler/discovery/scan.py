"""The tasks of modules that are imported already.

A task is found as an attribute of a module. It must also be found by its
entrypoint, because that is all that the runner knows of it. When a second
function takes the name of a decorated one, the runner would run the second
without any notice. That is an error here.

The types of a task's parameters are read here, for the modules are imported: `args` that do not fit
them are an error too.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType
from typing import TypeAlias

from jvscheduler.arguments.parameters import parameters_of
from jvscheduler.decorators import tasks_of, unnamed_in
from jvscheduler.errors import DiscoveryError, InvalidArgs
from jvscheduler.tasks import Task

_Key: TypeAlias = tuple[str, str]
"""A task's entrypoint and its id."""


def scan(modules: Sequence[ModuleType], decorated: Iterable[Task]) -> list[Task]:
    """`decorated` holds every task that the imports have created. Raises DiscoveryError."""
    found: dict[_Key, Task] = {}
    for module in modules:
        found.update(_tasks_in(module))
    names = {module.__name__ for module in modules}
    for task in decorated:
        if task.module in names and found.get(_key(task)) is not task:
            raise DiscoveryError(_unreachable(task))
    return [_with_schema(task) for task in found.values()]


def _key(task: Task) -> _Key:
    """A function may have several tasks, each with an id of its own."""
    return task.entrypoint, task.task_id


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


def _tasks_in(module: ModuleType) -> dict[_Key, Task]:
    for target in unnamed_in(module.__name__):
        raise DiscoveryError(_unnamed(module.__name__, target))
    tasks = [task for value in _values_in(module) for task in tasks_of(value)]
    if not tasks:
        raise DiscoveryError(
            f"module {module.__name__!r} has no tasks: decorate a function of it with "
            "@on_schedule, or import one that is"
        )
    for task in tasks:
        if not any(other is task for other in tasks_of(_target_of(task))):
            raise DiscoveryError(_unreachable(task))
    return {_key(task): task for task in tasks}


def _values_in(module: ModuleType) -> Iterator[object]:
    """What the module's names are bound to, and what is in its classes: a task may be a static
    method."""
    for value in vars(module).values():
        yield value
        # isinstance() would load what a lazy proxy stands for.
        if issubclass(type(value), type):
            yield from vars(value).values()


def _target_of(task: Task) -> object:
    module, _, path = task.entrypoint.partition(":")
    target: object = sys.modules.get(module)
    for name in path.split("."):
        target = getattr(target, name, None)
    return target


def _unnamed(module: str, target: object) -> str:
    return (
        f"module {module!r}: on_schedule decorates {target!r}, but no name of the module is bound "
        "to it: write NAME = on_schedule(…)(partial(…)) at the top of the module"
    )


def _unreachable(task: Task) -> str:
    module, _, name = task.entrypoint.partition(":")
    return (
        f"module {module!r}: on_schedule decorates a function {name}, but after the import {name} "
        "is another object: give the function a name of its own, and put no decorator above "
        "on_schedule that returns anything but a function"
    )
