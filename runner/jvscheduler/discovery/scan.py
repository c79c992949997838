"""Which tasks an imported module has.

A task is found as an attribute and must be found again under its entrypoint,
since that is all that the runner knows of it. A decorated function whose name
was given to something else, as a second function of the same name does, would
silently never run; it is an error.
"""

import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

from jvscheduler.decorators import task_of
from jvscheduler.errors import DiscoveryError
from jvscheduler.tasks import Task


def scan(modules: Sequence[ModuleType], decorated: Iterable[Task]) -> list[Task]:
    """Raises DiscoveryError; `decorated` are all tasks that the imports brought about."""
    found: dict[str, Task] = {}
    for module in modules:
        found.update(_tasks_in(module))
    names = {module.__name__ for module in modules}
    for task in decorated:
        if task.module in names and found.get(task.entrypoint) is not task:
            raise DiscoveryError(_lost(task))
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
            raise DiscoveryError(_lost(task))
    return {task.entrypoint: task for task in tasks}


def _at_entrypoint(task: Task) -> Task | None:
    module, _, name = task.entrypoint.partition(":")
    return task_of(getattr(sys.modules.get(module), name, None))


def _lost(task: Task) -> str:
    module, _, name = task.entrypoint.partition(":")
    return (
        f"module {module!r}: the function {name} that on_schedule decorates is not what {name} "
        "is when the module is imported: give it a name of its own, and put no other decorator "
        "above on_schedule that returns something else than a function"
    )
