"""A task with the options of the file, checked as the decorator checks its own. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from jvscheduler.arguments.schemas import check_args
from jvscheduler.configuration.layers import DECORATOR, Layers, Value
from jvscheduler.decorators import options_of, restated
from jvscheduler.errors import InvalidInput, InvalidSettings
from jvscheduler.tasks import Task

BUILT_IN: Final = "built in"


def configured(task: Task, layers: Layers) -> Task:
    """Raises InvalidSettings, which names the keys that state the task's options."""
    options = layers.of(task.task_id, _stated(task))
    given = {name: own.value for name, own in options.items() if own.origins != (DECORATOR,)}
    if not given:
        return task
    try:
        changed = restated(task, given)
        check_args(changed.args, changed.args_schema)
    except InvalidInput as error:
        names = (origin for own in options.values() for origin in own.origins)
        origins = ", ".join(dict.fromkeys(name for name in names if name != DECORATOR))
        raise InvalidSettings(f"{task.task_id}: {error} (said in {origins})") from error
    return changed


def values_of(task: Task, layers: Layers) -> Mapping[str, Value]:
    """Every option of the configured task, with the places that state it."""
    stated = layers.of(task.task_id, _stated(task))
    return {
        name: Value(value, stated[name].origins if name in stated else (BUILT_IN,))
        for name, value in options_of(configured(task, layers)).items()
    }


def _stated(task: Task) -> dict[str, Any]:
    # The task holds both options as its template.
    stated = {"schedule", *task.stated, *({"template"} if "pod" in task.stated else ())}
    return {name: value for name, value in options_of(task).items() if name in stated}
