"""The tasks that were attached in this process, and the tasks of one object.

A function has its name when it is decorated. A partial has none: its tasks wait here until a name
of the module that decorated it is bound to it.
"""

import functools
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jvscheduler.errors import InvalidTask
from jvscheduler.tasks import Task

_ATTRIBUTE: Final = "__jvscheduler_tasks__"
_HOLDERS: Final = (types.FunctionType, type, functools.partial)

_decorated: Final[list[Task]] = []


@dataclass(frozen=True)
class _Unnamed:
    """A task of a partial, but for what follows from the partial's name."""

    module: str
    """The module that decorates it."""
    target: Any
    complete: Callable[[str], Task]


_unnamed: Final[list[_Unnamed]] = []


def attach(target: Any, task: Task) -> None:
    """Raises InvalidTask when the target has a task with this id."""
    if any(other.task_id == task.task_id for other in _attached(target)):
        raise InvalidTask(
            f"{task.entrypoint} has on_schedule twice with the task_id {task.task_id!r}: give each "
            "a task_id of its own, with on_schedule(…, task_id='…')"
        )
    # A new tuple: `functools.wraps` gives a wrapper the same tuple as the function that it wraps.
    setattr(target, _ATTRIBUTE, (*_attached(target), task))
    _decorated.append(task)


def attach_when_named(module: str, target: Any, complete: Callable[[str], Task]) -> None:
    """Attach the task that `complete` makes of the name to which the module binds the target."""
    _unnamed.append(_Unnamed(module, target, complete))


def tasks_of(target: object) -> Sequence[Task]:
    """The tasks that `on_schedule` attached to this very object.

    Raises InvalidTask for a partial that no task can be made of under its name.
    """
    if issubclass(type(target), staticmethod):
        return tasks_of(target.__func__)  # type: ignore[attr-defined]
    if issubclass(type(target), functools.partial):
        _name_partials()
    return _attached(target)


def task_of(target: object) -> Task | None:
    """The first task of `tasks_of`; None when there is none."""
    return next(iter(tasks_of(target)), None)


def decorated() -> Sequence[Task]:
    """Every task that was decorated in this process, even if its name is now bound to another.

    Raises InvalidTask for a partial that no task can be made of under its name.
    """
    _name_partials()
    return tuple(_decorated)


def unnamed_in(module: str) -> Sequence[object]:
    """The partials that the module has decorated and has bound to no name."""
    _name_partials()
    return [waiting.target for waiting in _unnamed if waiting.module == module]


def _attached(target: object) -> tuple[Task, ...]:
    # isinstance() reads `__class__`, which a lazy proxy in a user's module answers by loading
    # its target, or by raising an error.
    if not issubclass(type(target), _HOLDERS):
        return ()
    # getattr() would also find the tasks of a Walker's base class.
    tasks = target.__dict__.get(_ATTRIBUTE)
    return tasks if isinstance(tasks, tuple) else ()


def _name_partials() -> None:
    for waiting in tuple(_unnamed):
        names = vars(sys.modules[waiting.module]) if waiting.module in sys.modules else {}
        name = next((name for name, value in names.items() if value is waiting.target), None)
        if name is not None:
            attach(waiting.target, waiting.complete(name))
            _unnamed.remove(waiting)
