"""`on_schedule` attaches a Task to a function and returns the function itself.

A mistake raises an error when the module is imported, and not at the first due
instant. `on_schedule(…)` checks the options; applying it checks the function. A
Walker class is recognised by the names of its bases, because importing jvspatial
would make the decorator slow to load.
"""

import inspect
import re
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from jvscheduler.errors import InvalidTask
from jvscheduler.schedules import Dst, FluentJob, is_fluent, parse_schedule, translated
from jvscheduler.tasks import (
    ENTRYPOINT_PATTERN,
    MAX_CONCURRENT,
    MAX_DESCRIPTION,
    MAX_ENTRYPOINT,
    MAX_RETRIES,
    MAX_SECONDS,
    MAX_TASK_ID,
    TASK_ID_PATTERN,
    Task,
)

_ATTRIBUTE: Final = "__jvscheduler_task__"
_GENERATOR_FLAGS: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_PRINTABLE: Final = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]*")

_decorated: Final[list[Task]] = []

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def on_schedule(  # noqa: PLR0913 - each is an option of a task
    schedule: str | FluentJob,
    *,
    task_id: str | None = None,
    enabled: bool = True,
    max_concurrent: int = 1,
    timeout_seconds: int | None = None,
    retry_count: int = 0,
    description: str = "",
    time_zone: str | None = None,
    dst: Dst = "cron",
) -> Callable[[Decorated], Decorated]:
    """Run the function, async function or Walker class below at the times of `schedule`.

    `schedule` is a text, or a job of the `schedule` package such as `every(5).to(10).minutes`.
    It is read in `time_zone`: UTC if absent, or the default zone of the user's server. `dst` says
    what happens where the clock of that zone changes: "cron" follows cron's rule, "once" runs
    each time of a day exactly once.

    `task_id` is `module.function` if absent. The history is keyed by it, and a random interval
    draws from it. `timeout_seconds` limits one attempt. `retry_count` attempts may follow the
    first. A job over `max_concurrent` is skipped. A task that is not `enabled` is suspended.

    Raises InvalidSchedule and InvalidTask.
    """
    if callable(schedule):
        raise InvalidTask("on_schedule needs a schedule: write @on_schedule('daily at 14:30')")
    text, zone = _text_and_zone(schedule, time_zone)
    parsed = parse_schedule(text, "UTC" if zone is None else zone, dst=dst)
    _check_flag("enabled", enabled)
    _check_limits(max_concurrent, timeout_seconds, retry_count)
    _check_description(description)
    if task_id is not None:
        _check_task_id(task_id)

    def attach(target: Decorated) -> Decorated:
        _check_target(target)
        own_id = task_id if task_id is not None else _default_task_id(target)
        task = Task(
            task_id=own_id,
            entrypoint=f"{target.__module__}:{target.__name__}",
            # A random interval draws from the task's id, which is known only here.
            schedule=replace(parsed, seed=own_id),
            has_own_zone=zone is not None,
            enabled=enabled,
            max_concurrent=max_concurrent,
            timeout_seconds=timeout_seconds,
            retry_count=retry_count,
            description=description,
        )
        _check_entrypoint(task)
        setattr(target, _ATTRIBUTE, task)
        _decorated.append(task)
        return target

    return attach


def _check_limits(max_concurrent: int, timeout_seconds: int | None, retry_count: int) -> None:
    _check_number("max_concurrent", max_concurrent, 1, MAX_CONCURRENT)
    if timeout_seconds is not None:
        _check_number("timeout_seconds", timeout_seconds, 1, MAX_SECONDS)
    _check_number("retry_count", retry_count, 0, MAX_RETRIES)


def _text_and_zone(schedule: str | FluentJob, time_zone: str | None) -> tuple[str, str | None]:
    if isinstance(schedule, str) or not is_fluent(schedule):
        # parse_schedule refuses a value of any other type, with a message for the user.
        return schedule, time_zone  # type: ignore[return-value]
    return translated(schedule, time_zone)


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


def _check_flag(field: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidTask(f"{field} must be True or False, got {value!r}")


def _check_number(field: str, value: object, low: int, high: int) -> None:
    # True is an int: max_concurrent=True would silently mean 1.
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidTask(f"{field} must be a whole number from {low} to {high}, got {value!r}")


def _check_description(value: object) -> None:
    if (
        not isinstance(value, str)
        or len(value) > MAX_DESCRIPTION
        or not _PRINTABLE.fullmatch(value)
    ):
        raise InvalidTask(
            f"description must be text of at most {MAX_DESCRIPTION} characters "
            f"without control characters, got {_shown(value)}"
        )


def _check_task_id(value: object) -> None:
    if not isinstance(value, str) or not _is_task_id(value):
        raise InvalidTask(
            f"task_id must be 1 to {MAX_TASK_ID} ASCII letters, digits, '.', '_' and '-', "
            f"such as 'shop.clean_up', got {_shown(value)}"
        )


def _default_task_id(target: Callable[..., Any]) -> str:
    task_id = f"{target.__module__}.{target.__name__}"
    if not _is_task_id(task_id):
        raise InvalidTask(
            f"{_shown(task_id)} cannot be a task_id: give one of at most {MAX_TASK_ID} "
            "ASCII letters, digits, '.', '_' and '-' with on_schedule(…, task_id='…')"
        )
    return task_id


def _is_task_id(text: str) -> bool:
    return len(text) <= MAX_TASK_ID and re.fullmatch(TASK_ID_PATTERN, text) is not None


def _check_entrypoint(task: Task) -> None:
    entrypoint = task.entrypoint
    if len(entrypoint) > MAX_ENTRYPOINT or not re.fullmatch(ENTRYPOINT_PATTERN, entrypoint):
        raise InvalidTask(
            f"{_shown(entrypoint)} cannot be an entrypoint: names of modules and functions "
            f"must be ASCII and at most {MAX_ENTRYPOINT} characters together; rename it"
        )


def _check_target(target: object) -> None:
    if isinstance(target, type):
        _check_walker(target)
    elif isinstance(target, types.FunctionType):
        _check_function(target)
    else:
        raise InvalidTask(
            f"on_schedule decorates a function or a Walker class, got {_shown(target)}: "
            "wrap it in a function of a module"
        )
    # The second decorator would replace the task of the first one without any notice.
    if task_of(target) is not None:
        raise InvalidTask(f"{_name(target)} has on_schedule twice: keep one")


def _check_function(function: types.FunctionType) -> None:
    name = _name(function)
    if function.__name__ == "<lambda>":
        raise InvalidTask(f"{name} is a lambda: write it as a function with a name")
    _check_top_level(function)
    if function.__code__.co_flags & _GENERATOR_FLAGS:
        # Calling a generator function runs none of its body: the job would complete and do nothing.
        raise InvalidTask(f"{name} is a generator, whose body a call does not run: use no yield")
    needed = _required_arguments(function)
    if needed:
        raise InvalidTask(
            f"{name} requires the arguments {', '.join(needed)}, and a schedule passes none: "
            "give them defaults"
        )


def _required_arguments(function: types.FunctionType) -> list[str]:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    required = positional[: len(positional) - len(function.__defaults__ or ())]
    defaults = function.__kwdefaults__ or {}
    return [*required, *(name for name in keywords if name not in defaults)]


def _check_walker(cls: type) -> None:
    walker = next((base for base in cls.__mro__[1:] if _is_walker(base)), None)
    if walker is None:
        raise InvalidTask(
            f"{_name(cls)} is a class but not a jvspatial Walker: decorate a function that uses it"
        )
    _check_top_level(cls)
    own = set(getattr(cls, "model_fields", {})) - set(getattr(walker, "model_fields", {}))
    needed = sorted(name for name in own if cls.model_fields[name].is_required())  # type: ignore[attr-defined]
    if needed:
        raise InvalidTask(
            f"{_name(cls)} requires the fields {', '.join(needed)}, and a schedule passes none: "
            "give them defaults"
        )


def _is_walker(cls: type) -> bool:
    return cls.__name__ == "Walker" and cls.__module__.partition(".")[0] == "jvspatial"


def _check_top_level(target: types.FunctionType | type) -> None:
    # The runner finds the target by its module and its name. A target that has no such name
    # would be scheduled, and each of its jobs would fail with TaskNotFound.
    if "<locals>" in target.__qualname__:
        raise InvalidTask(
            f"{_name(target)} is defined inside a function, where no other process can find it: "
            "move it to the top of its module"
        )
    if target.__qualname__ != target.__name__:
        raise InvalidTask(
            f"{_name(target)} belongs to a class: move it to the top of its module, as a function"
        )


def _name(target: Any) -> str:
    return f"{target.__module__}.{target.__qualname__}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
