"""From `package.module:name` to the thing to run, in the task's own process."""

import importlib
from typing import Any

from jvscheduler.errors import InvalidTask


class TaskNotFound(InvalidTask):
    """The module was imported and has no such task."""


def load(entrypoint: str) -> Any:
    """The object; TaskNotFound when the module has no such name.

    What the module's import raises passes through as it is.
    """
    module_name, _, path = entrypoint.partition(":")
    found: Any = importlib.import_module(module_name)
    for name in path.split("."):
        if not hasattr(found, name):
            raise TaskNotFound(
                f"{module_name} has no {path!r}; the image may hold another version "
                "of the module than the one that the task was built from"
            )
        found = getattr(found, name)
    if not callable(found):
        raise TaskNotFound(f"{entrypoint} is {found!r}, which cannot be called")
    return found
