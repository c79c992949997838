"""The tasks of modules that are imported already.

A task is found as an attribute of a module. It must also be found by its
entrypoint, because that is all that the runner knows of it. When a second
function takes the name of a decorated one, the runner would run the second
without any notice. That is an error here.
"""

import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

from jvscheduler.decorators import task_of
from jvscheduler.errors import DiscoveryError
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
    return list(found.values())


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
    module, _, name = task.entrypoint.partition(":")
    return task_of(getattr(sys.modules.get(module), name, None))


def _unreachable(task: Task) -> str:
    module, _, name = task.entrypoint.partition(":")
    return (
        f"module {module!r}: on_schedule decorates a function {name}, but after the import {name} "
        "is another object: give the function a name of its own, and put no decorator above "
        "on_schedule that returns anything but a function"
    )
