"""A task with the options of the file, checked as the decorator checks its own. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from jvscheduler.arguments.schemas import check_args
from jvscheduler.configuration.layers import DECORATOR, Layers, Value
from jvscheduler.decorators import options_of, restated
from jvscheduler.errors import InvalidArgs, InvalidInput, InvalidSettings
from jvscheduler.tasks import Task

BUILT_IN: Final = "built in"
_OF_THE_POD: Final = ("pod", "template")


def configured(task: Task, layers: Layers) -> Task:
    """Raises InvalidSettings, which names the keys that state the task's options."""
    return _configured(task, layers.of(task.task_id, _stated(task)))


def values_of(task: Task, layers: Layers) -> Mapping[str, Value]:
    """Every option of the configured task, with the places that state it."""
    stated = layers.of(task.task_id, _stated(task))
    values = {**options_of(_configured(task, stated)), **dict.fromkeys(_OF_THE_POD)}
    return {
        name: stated[name]
        if name in _OF_THE_POD and name in stated
        else Value(value, stated[name].origins if name in stated else (BUILT_IN,))
        for name, value in values.items()
    }


def _configured(task: Task, options: Mapping[str, Value]) -> Task:
    given = {name: own.value for name, own in options.items() if own.origins != (DECORATOR,)}
    if not given:
        return task
    # The two come to one template.
    given |= {name: options[name].value for name in _OF_THE_POD if name in options}
    try:
        changed = restated(task, given)
        _check_args(task, changed)
    except InvalidInput as error:
        names = (origin for own in options.values() for origin in own.origins)
        origins = ", ".join(dict.fromkeys(name for name in names if name != DECORATOR))
        raise InvalidSettings(f"{task.task_id}: {error} (said in {origins})") from error
    return changed


def _check_args(task: Task, changed: Task) -> None:
    if changed.args == task.args:
        return
    if changed.args_schema is None:
        raise InvalidArgs(
            "args: the function has no parameters, or ones whose types cannot be read: leave args "
            "out, or say them in the decorator"
        )
    check_args(changed.args, changed.args_schema)


def _stated(task: Task) -> dict[str, Any]:
    options = {**options_of(task), **{name: task.stated.get(name) for name in _OF_THE_POD}}
    return {
        name: value for name, value in options.items() if name == "schedule" or name in task.stated
    }
