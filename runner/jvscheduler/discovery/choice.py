"""Chooses one task by what a user calls it. Pure."""

from collections.abc import Sequence
from difflib import get_close_matches

from jvscheduler.errors import InvalidSettings
from jvscheduler.tasks import Task


def choose(tasks: Sequence[Task], name: str, option: str) -> Task:
    """The task with this id, or the only task of a function with this name.

    `option` is what the user calls it with. Raises InvalidSettings.
    """
    found = [t for t in tasks if t.task_id == name] or [t for t in tasks if _function(t) == name]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(task.task_id for task in found or tasks)
    if found:
        raise InvalidSettings(f"{option} {name} could be any of {ids}: give the whole id")
    names = [word for task in tasks for word in (task.task_id, _function(task))]
    near = get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InvalidSettings(f"{option}: there is no task {name!r}{hint}; the tasks are: {ids}")


def _function(task: Task) -> str:
    return task.entrypoint.partition(":")[2]
