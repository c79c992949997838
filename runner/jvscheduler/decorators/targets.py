"""The checks of what is decorated: what a name leads the runner to, and a call runs.

It is a function, a Walker class, a static method of a class, or a partial of one of them.
"""

import functools
import inspect
import re
import types
from typing import Any, Final

from jvscheduler.arguments.parameters import is_walker
from jvscheduler.decorators.options import is_task_id, shown
from jvscheduler.errors import InvalidTask
from jvscheduler.tasks import ENTRYPOINT_PATTERN, MAX_ENTRYPOINT, MAX_TASK_ID

_GENERATOR_FLAGS: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_OF_AN_OBJECT: Final = ("self", "cls")
"""What the first parameter of a method is called."""


def callee_of(target: Any) -> Any:
    """What a call of the target's name calls: of a static method, its function."""
    return target.__func__ if isinstance(target, staticmethod) else target


def check_target(target: Any) -> None:
    if isinstance(target, functools.partial):
        _check_partial(target)
    elif isinstance(target, type):
        _check_walker(target)
        _check_place(target)
    elif isinstance(target, types.FunctionType):
        if target.__name__ == "<lambda>":
            raise InvalidTask(f"{name_of(target)} is a lambda: write it as a function with a name")
        _check_place(target)
        _check_function(target)
    else:
        raise InvalidTask(
            f"on_schedule decorates a function or a Walker class, got {shown(target)}: "
            "wrap it in a function of a module"
        )


def _check_partial(target: "functools.partial[Any]") -> None:
    function = target.func
    if isinstance(function, type):
        _check_walker(function)
        if target.args:
            raise InvalidTask(
                f"{name_of(target)} has values without a name, and a Walker takes none: name each"
            )
    elif isinstance(function, types.FunctionType):
        _check_function(function)
    try:
        signature = inspect.signature(function)
    except ValueError:
        # A function of C may have none. What it takes is seen when it is called.
        return
    try:
        signature.bind_partial(*target.args, **target.keywords)
    except TypeError as error:
        raise InvalidTask(f"{name_of(target)} can never be called: {error}") from error


def _check_function(function: types.FunctionType) -> None:
    if function.__code__.co_flags & _GENERATOR_FLAGS:
        # Calling a generator function runs none of its body: the job would complete and do nothing.
        raise InvalidTask(
            f"{name_of(function)} is a generator, whose body a call does not run: use no yield"
        )


def _check_walker(cls: type) -> None:
    if not any(is_walker(base) for base in cls.__mro__[1:]):
        raise InvalidTask(
            f"{name_of(cls)} is a class but not a jvspatial Walker: decorate a function that uses "
            "it"
        )


def _check_place(target: types.FunctionType | type) -> None:
    # The runner finds the target by its module and its name. A target that has no such name
    # would be scheduled, and each of its jobs would fail with TaskNotFound.
    if "<locals>" in target.__qualname__:
        raise InvalidTask(
            f"{name_of(target)} is defined inside a function, where no other process can find it: "
            "move it to the top of its module"
        )
    if "." not in target.__qualname__:
        return
    if isinstance(target, type) or target.__qualname__.count(".") > 1:
        raise InvalidTask(
            f"{name_of(target)} belongs to a class that has no place for a task: move it to the "
            "top of its module"
        )
    if target.__code__.co_argcount and target.__code__.co_varnames[0] in _OF_AN_OBJECT:
        raise InvalidTask(
            f"{name_of(target)} belongs to the objects of a class, and a schedule has none: make "
            "it a @staticmethod, or a function of its module"
        )


def default_task_id(module: str, name: str) -> str:
    task_id = f"{module}.{name}"
    if not is_task_id(task_id):
        raise InvalidTask(
            f"{shown(task_id)} cannot be a task_id: give one of at most {MAX_TASK_ID} "
            "ASCII letters, digits, '.', '_' and '-' with on_schedule(…, task_id='…')"
        )
    return task_id


def entrypoint_of(module: str, name: str) -> str:
    entrypoint = f"{module}:{name}"
    if len(entrypoint) > MAX_ENTRYPOINT or not re.fullmatch(ENTRYPOINT_PATTERN, entrypoint):
        raise InvalidTask(
            f"{shown(entrypoint)} cannot be an entrypoint: names of modules and functions "
            f"must be ASCII and at most {MAX_ENTRYPOINT} characters together; rename it"
        )
    return entrypoint


def name_of(target: Any) -> str:
    if isinstance(target, functools.partial):
        return f"a partial of {name_of(target.func)}"
    return f"{getattr(target, '__module__', None)}.{getattr(target, '__qualname__', target)}"
