"""The checks of what is decorated: a function or a Walker class that the runner can find."""

import inspect
import re
import types
from collections.abc import Callable
from typing import Any, Final

from jvscheduler.arguments.parameters import is_walker
from jvscheduler.decorators.attached import task_of
from jvscheduler.decorators.options import is_task_id, shown
from jvscheduler.errors import InvalidTask
from jvscheduler.tasks import ENTRYPOINT_PATTERN, MAX_ENTRYPOINT, MAX_TASK_ID

_GENERATOR_FLAGS: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def check_target(target: object) -> None:
    if isinstance(target, type):
        _check_walker(target)
    elif isinstance(target, types.FunctionType):
        _check_function(target)
    else:
        raise InvalidTask(
            f"on_schedule decorates a function or a Walker class, got {shown(target)}: "
            "wrap it in a function of a module"
        )
    # The second decorator would replace the task of the first one without any notice.
    if task_of(target) is not None:
        raise InvalidTask(f"{name_of(target)} has on_schedule twice: keep one")


def _check_function(function: types.FunctionType) -> None:
    name = name_of(function)
    if function.__name__ == "<lambda>":
        raise InvalidTask(f"{name} is a lambda: write it as a function with a name")
    _check_top_level(function)
    if function.__code__.co_flags & _GENERATOR_FLAGS:
        # Calling a generator function runs none of its body: the job would complete and do nothing.
        raise InvalidTask(f"{name} is a generator, whose body a call does not run: use no yield")


def _check_walker(cls: type) -> None:
    if not any(is_walker(base) for base in cls.__mro__[1:]):
        raise InvalidTask(
            f"{name_of(cls)} is a class but not a jvspatial Walker: decorate a function that uses "
            "it"
        )
    _check_top_level(cls)


def _check_top_level(target: types.FunctionType | type) -> None:
    # The runner finds the target by its module and its name. A target that has no such name
    # would be scheduled, and each of its jobs would fail with TaskNotFound.
    if "<locals>" in target.__qualname__:
        raise InvalidTask(
            f"{name_of(target)} is defined inside a function, where no other process can find it: "
            "move it to the top of its module"
        )
    if target.__qualname__ != target.__name__:
        raise InvalidTask(
            f"{name_of(target)} belongs to a class: move it to the top of its module, as a function"
        )


def default_task_id(target: Callable[..., Any]) -> str:
    task_id = f"{target.__module__}.{target.__name__}"
    if not is_task_id(task_id):
        raise InvalidTask(
            f"{shown(task_id)} cannot be a task_id: give one of at most {MAX_TASK_ID} "
            "ASCII letters, digits, '.', '_' and '-' with on_schedule(…, task_id='…')"
        )
    return task_id


def entrypoint_of(target: Callable[..., Any]) -> str:
    entrypoint = f"{target.__module__}:{target.__name__}"
    if len(entrypoint) > MAX_ENTRYPOINT or not re.fullmatch(ENTRYPOINT_PATTERN, entrypoint):
        raise InvalidTask(
            f"{shown(entrypoint)} cannot be an entrypoint: names of modules and functions "
            f"must be ASCII and at most {MAX_ENTRYPOINT} characters together; rename it"
        )
    return entrypoint


def name_of(target: Any) -> str:
    return f"{target.__module__}.{target.__qualname__}"
