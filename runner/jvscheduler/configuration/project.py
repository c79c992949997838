"""A project as a command sees it: the file, the chosen environment, and the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jvscheduler.tasks import Task

if TYPE_CHECKING:
    from jvscheduler.configuration.layers import Layers


@dataclass(frozen=True)
class Selection:
    """What the command line says of the project."""

    modules: tuple[str, ...] = ()
    """Empty: those of the file."""
    environment: str | None = None
    config: Path | None = None
    """None: the file of the working folder, if it has one."""


class Fact(NamedTuple):
    """Something that the file says of the whole project."""

    value: str
    origin: str
    """The key that says it."""


@dataclass(frozen=True)
class Project:
    """Modules with tasks, and what the file says of them."""

    modules: tuple[str, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """`application`, `image` and `namespace`, as far as the file says them."""
    layers: "Layers | None" = None
    """None: there is no file."""
    is_whole: bool = False
    """The modules are all that the file has. Then each of its tables must have a task."""

    def said(self, key: str) -> str | None:
        return self.facts[key].value if key in self.facts else None

    def configured(self, tasks: Sequence[Task]) -> tuple[Task, ...]:
        """The tasks with the options of the file. Raises InvalidSettings."""
        if self.layers is None:
            return tuple(tasks)
        from jvscheduler.configuration.tasks import configured  # noqa: PLC0415 - pydantic loads

        self.check_tables(tasks)
        return tuple(configured(task, self.layers) for task in tasks)

    def check_tables(self, tasks: Sequence[Task]) -> None:
        """Raises InvalidSettings for a table of the file that no task has."""
        if self.layers is not None and self.is_whole:
            self.layers.check_matches(task.task_id for task in tasks)
