"""The tasks that were attached in this process, and the task of one object."""

import types
from collections.abc import Sequence
from typing import Any, Final

from jvscheduler.tasks import Task

_ATTRIBUTE: Final = "__jvscheduler_task__"

_decorated: Final[list[Task]] = []


def attach(target: Any, task: Task) -> None:
    setattr(target, _ATTRIBUTE, task)
    _decorated.append(task)


def task_of(target: object) -> Task | None:
    """The task that `on_schedule` attached to this very object; None when there is none."""
    # isinstance() reads `__class__`, which a lazy proxy in a user's module answers by loading
    # its target, or by raising an error.
    if not issubclass(type(target), (types.FunctionType, type)):
        return None
    # getattr() would also find the task of a Walker's base class.
    task = target.__dict__.get(_ATTRIBUTE)
    return task if isinstance(task, Task) else None


def decorated() -> Sequence[Task]:
    """Every task that was decorated in this process, even if its name is now bound to another."""
    return tuple(_decorated)
