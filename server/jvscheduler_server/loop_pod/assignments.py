"""Decides which ScheduledTasks a loop serves, and by which definitions. Pure.

The operator assigns a task in its status. The spec counts as it is now. When a spec cannot be
carried, the edit is refused: the loop goes on with the definition before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Required

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from jvscheduler.arguments.schemas import check_args
from jvscheduler.due_instants.definition import Definition
from jvscheduler.edge.values import Name
from jvscheduler.errors import SchedulerError
from jvscheduler.manifests.mapping import to_task
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.schedules.jitter import check_jitter
from jvscheduler_server.kubernetes.shapes import Metadata, Part, shaped

_strict = with_config(ConfigDict(strict=True, extra="ignore"))


@_strict
class _Status(TypedDict, total=False):
    loop: Name


@_strict
class _Assigned(TypedDict, total=False):
    """Which ScheduledTask it is, and which loop serves it."""

    metadata: Required[Part[Metadata]]
    status: Part[_Status]


_ASSIGNED: Final = TypeAdapter(Part[_Assigned])


@dataclass(frozen=True)
class Assignment:
    """A ScheduledTask as a loop sees it."""

    name: str
    loop: str | None
    """The loop to which the operator assigned it."""
    definition: Definition | None
    """None: its spec could never be carried."""
    refusal: str | None = None
    """Why its spec cannot be carried."""
    deleted: bool = False


@dataclass(frozen=True)
class Changes:
    """The difference between the tasks that a loop serves and those that it should serve."""

    serve: tuple[Definition, ...]
    """New or edited tasks."""
    handed_over: tuple[str, ...]
    """Names of tasks that another loop or a CronJob serves now."""
    deleted: tuple[str, ...]
    """Names of tasks that no longer exist."""


def to_assignment(task: Mapping[str, Any]) -> Assignment:
    """Convert a ScheduledTask. Raises ValueError for an object that is none."""
    named = shaped(_ASSIGNED, task)
    metadata = named["metadata"]
    loop = named.get("status", {}).get("loop") or None
    name = metadata["name"]
    if "deletionTimestamp" in metadata:
        return Assignment(name, None, None, deleted=True)
    try:
        return Assignment(name, loop, _definition(metadata, task.get("spec") or {}))
    except (ValueError, SchedulerError) as error:
        return Assignment(name, loop, None, refusal=str(error))


def keep_definition(old: Assignment, new: Assignment) -> Assignment:
    """Return the new assignment, with the old definition if the new spec was refused."""
    return new if new.refusal is None else replace(new, definition=old.definition)


def decide_changes(
    loop: str, assignments: Iterable[Assignment], served: Mapping[str, Definition]
) -> Changes:
    existing = {each.name: each for each in assignments if not each.deleted}
    ours = {
        name: assignment.definition
        for name, assignment in existing.items()
        if assignment.loop == loop and assignment.definition is not None
    }
    left = [name for name in served if name not in ours]
    return Changes(
        serve=tuple(d for name, d in ours.items() if served.get(name) != d),
        handed_over=tuple(name for name in left if name in existing),
        deleted=tuple(name for name in left if name not in existing),
    )


def _definition(metadata: Mapping[str, Any], raw: Mapping[str, Any]) -> Definition:
    """Raises ValueError from the model, or SchedulerError from the grammar."""
    spec = ScheduledTaskSpec.model_validate(raw)
    check_args(spec.args, spec.args_schema)
    task = to_task(spec.to_json())
    check_jitter(task.schedule, task.jitter_seconds)
    return Definition(metadata["name"], metadata["namespace"], task)
