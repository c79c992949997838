"""Which ScheduledTasks are this loop's, and what they say. Pure.

The operator assigns a task in its status; the spec counts as it is now. A spec
that cannot be carried is a refused edit: the definition before it stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from jvscheduler.due_instants.definition import Definition
from jvscheduler.errors import SchedulerError
from jvscheduler.manifests.mapping import to_task
from jvscheduler.manifests.spec import ScheduledTaskSpec


@dataclass(frozen=True)
class Assignment:
    """`definition` None: the spec was never one that can be carried."""

    name: str
    loop: str | None
    definition: Definition | None
    refusal: str | None = None
    deleted: bool = False


@dataclass(frozen=True)
class Change:
    """`handed_over`: names that another loop or a CronJob serves; `gone`: those of no task."""

    put: tuple[Definition, ...]
    handed_over: tuple[str, ...]
    gone: tuple[str, ...]


def to_assignment(task: Mapping[str, Any]) -> Assignment:
    metadata = task["metadata"]
    loop = task.get("status", {}).get("loop") or None
    name = metadata["name"]
    if "deletionTimestamp" in metadata:
        return Assignment(name, None, None, deleted=True)
    try:
        return Assignment(name, loop, _definition(metadata, task["spec"]))
    except (ValueError, SchedulerError) as error:
        return Assignment(name, loop, None, refusal=str(error))


def keep_definition(old: Assignment, new: Assignment) -> Assignment:
    return new if new.refusal is None else replace(new, definition=old.definition)


def change(
    loop: str, assignments: Iterable[Assignment], served: Mapping[str, Definition]
) -> Change:
    known = {assignment.name: assignment for assignment in assignments if not assignment.deleted}
    ours = {
        name: found.definition
        for name, found in known.items()
        if found.loop == loop and found.definition is not None
    }
    left = [name for name in served if name not in ours]
    return Change(
        put=tuple(d for name, d in ours.items() if served.get(name) != d),
        handed_over=tuple(name for name in left if name in known),
        gone=tuple(name for name in left if name not in known),
    )


def _definition(metadata: Mapping[str, Any], raw: Mapping[str, Any]) -> Definition:
    """Raises ValueError: pydantic's own, and the grammar's."""
    spec = ScheduledTaskSpec.model_validate(raw)
    deadline = spec.starting_deadline_seconds
    return Definition(
        name=metadata["name"],
        namespace=metadata["namespace"],
        task=to_task(spec.to_json()),
        starting_deadline=timedelta(seconds=deadline) if deadline else None,
        replaces=spec.concurrency_policy == "Replace",
    )
