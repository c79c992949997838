"""The model of the project's table.

A task's options have the decorator's own names and types: the model of them is
made from the signature of `on_schedule`, so that an option of the decorator is
an option of the file. Their values are checked as the decorator checks them,
when they are applied to a task.
"""

import inspect
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from jvscheduler.configuration.values import check_image, check_name
from jvscheduler.decorators import on_schedule
from jvscheduler.decorators.pods import Pod, Volume

_NAMES: Final = frozenset({"task_id"})
"""The history is keyed by it, and so are the tables of this file."""
_OF_ONE_TASK: Final = _NAMES | {"schedule", "args"}
"""Options that are of one task: a default of them for all tasks would mean nothing."""
_MOST_TABLES: Final = 10_000

Image = Annotated[str, AfterValidator(check_image)]
Name = Annotated[str, AfterValidator(check_name)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Options(_Table):
    """Some options of the decorator."""

    def stated(self) -> dict[str, Any]:
        """What the file says. An option that it leaves out is not there."""
        return self.model_dump(exclude_unset=True)


def _table(name: str, hints: Mapping[str, Any], base: type[_Table], doc: str) -> Any:
    fields: dict[str, Any] = {key: (hint, None) for key, hint in hints.items()}
    return create_model(name, __base__=base, __doc__=doc, **fields)


def _options(name: str, doc: str, without: frozenset[str]) -> Any:
    hints = typing.get_type_hints(on_schedule)
    options = [name for name in inspect.signature(on_schedule).parameters if name not in without]
    return _table(name, {key: _in_a_file(key, hints[key]) for key in options}, Options, doc)


VOLUME: Any = _table("Volume", typing.get_type_hints(Volume), _Table, "What is mounted.")
_POD_HINTS = {**typing.get_type_hints(Pod), "volumes": dict[str, VOLUME]}
POD: Any = _table("Pod", _POD_HINTS, _Table, "What tasks need of their pods.")
_OTHERWISE: Final[Mapping[str, Any]] = {
    "schedule": str,
    "no_retry_on": list[str],
    # pydantic reads no TypedDict of Python 3.11.
    "pod": POD,
}


def _in_a_file(option: str, hint: Any) -> Any:
    """The type of an option as TOML has it: there is no None, and there are no classes."""
    if option in _OTHERWISE:
        return _OTHERWISE[option]
    choices = [choice for choice in typing.get_args(hint) if choice is not type(None)]
    is_optional = type(None) in typing.get_args(hint)
    return choices[0] if is_optional and len(choices) == 1 else hint


if typing.TYPE_CHECKING:

    class TaskDefaults(Options):
        pass

    class TaskOptions(Options):
        pass

else:
    TaskDefaults = _options(
        "TaskDefaults", "Options of every task whose decorator does not state them.", _OF_ONE_TASK
    )
    TaskOptions = _options(
        "TaskOptions", "Options of some tasks, in place of what the decorator states.", _NAMES
    )


class Environment(_Table):
    """What differs in one place where the project runs. `--env` chooses it."""

    image: Image | None = Field(default=None, description="In place of the project's image.")
    namespace: Name | None = Field(default=None, description="In place of the project's namespace.")
    defaults: TaskDefaults = Field(
        default_factory=TaskDefaults, description="They come before the project's own defaults."
    )
    tasks: dict[str, TaskOptions] = Field(
        default_factory=dict,
        max_length=_MOST_TABLES,
        description="They come before the project's own options of the same tasks.",
    )


class Configuration(_Table):
    """`[tool.jvscheduler]`: what a project says of its tasks, in one place."""

    application: Name | None = Field(
        default=None,
        description="The label of all that this project puts into a cluster. "
        "If absent: the project's name.",
    )
    modules: list[str] = Field(
        default_factory=list, description="Import paths of the modules with tasks."
    )
    image: Image | None = Field(
        default=None, description="The container image that holds the modules."
    )
    namespace: Name | None = Field(default=None, description="The namespace of the tasks.")
    defaults: TaskDefaults = Field(
        default_factory=TaskDefaults,
        description="Options of every task whose decorator does not state them.",
    )
    tasks: dict[str, TaskOptions] = Field(
        default_factory=dict,
        max_length=_MOST_TABLES,
        description="By the id of a task, or a pattern such as 'shop.reports.*': options that "
        "replace what the decorator states. The id comes before a pattern, and a later pattern "
        "before an earlier one.",
    )
    environments: dict[str, Environment] = Field(
        default_factory=dict, description="By name: what differs there, such as in 'prod'."
    )
