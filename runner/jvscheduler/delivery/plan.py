"""What has to be done so that a cluster has the tasks of the code. Pure.

The API server itself says what an apply would make of an object: `Seen.after` is its answer to a
dry run. So defaults, rules and the edits of others are those of the server.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from jvscheduler import names

Manifest = Mapping[str, Any]
Action = Literal["create", "change", "keep", "remove"]

_ABSENT: Final = "absent"


@dataclass(frozen=True)
class Seen:
    """An object of the code in the cluster."""

    wanted: Manifest
    before: Manifest | None
    """None: the cluster does not have it."""
    after: Manifest
    """As an apply would leave it."""


@dataclass(frozen=True)
class Change:
    field: str
    """A path, such as `spec.schedule`."""
    before: str
    after: str
    manager: str | None
    """Who else set the field: somebody has edited it by hand."""


@dataclass(frozen=True)
class Step:
    """What happens to one task."""

    name: str
    task_id: str
    action: Action
    changes: tuple[Change, ...] = ()
    by_hand: tuple[Change, ...] = ()
    """Fields that somebody else has set and the code does not say. An apply leaves them."""


@dataclass(frozen=True)
class Plan:
    steps: tuple[Step, ...]
    """Sorted by name."""
    renames: tuple[tuple[str, str], ...] = ()
    """Ids of a task that goes and of one that comes, which are probably the same task."""

    def of(self, *actions: Action) -> list[Step]:
        return [step for step in self.steps if step.action in actions]

    @property
    def is_empty(self) -> bool:
        return not self.of("create", "change", "remove")


def plan(seen: Sequence[Seen], labelled: Sequence[Manifest]) -> Plan:
    """`labelled` are the application's tasks in the cluster."""
    steps = [_step(each) for each in seen]
    kept = {step.name for step in steps}
    gone = [task for task in labelled if task["metadata"]["name"] not in kept]
    steps += [
        Step(task["metadata"]["name"], str(task["spec"]["taskID"]), "remove") for task in gone
    ]
    new = [each.after for each in seen if each.before is None]
    return Plan(tuple(sorted(steps, key=lambda step: step.name)), tuple(_renames(gone, new)))


def owner_of(task: Manifest) -> str | None:
    """The application that has brought the task; None for kubectl or another program."""
    labels: Mapping[str, str] = task["metadata"].get("labels") or {}
    return labels.get(names.APPLICATION_LABEL)


def brought_by(application: str, tasks: Iterable[Manifest]) -> list[Manifest]:
    return [task for task in tasks if owner_of(task) == application]


def _step(seen: Seen) -> Step:
    after = seen.after
    name, task_id = after["metadata"]["name"], after["spec"]["taskID"]
    if seen.before is None:
        return Step(name, task_id, "create")
    changes = tuple(_changes(seen.before, after))
    by_hand = tuple(_by_hand(seen))
    return Step(name, task_id, "change" if changes else "keep", changes, by_hand)


def _changes(before: Manifest, after: Manifest) -> Iterator[Change]:
    was, will_be = owner_of(before), owner_of(after)
    if was != will_be:
        yield Change(
            f"metadata.labels.{names.APPLICATION_LABEL}", _shown(was), _shown(will_be), None
        )
    managers = _managers(before)
    for field in sorted({*before["spec"], *after["spec"]}):
        old, new = before["spec"].get(field, _ABSENT), after["spec"].get(field, _ABSENT)
        if old != new:
            yield Change(f"spec.{field}", _shown(old), _shown(new), managers.get(field))


def _by_hand(seen: Seen) -> Iterator[Change]:
    managers = _managers(seen.after)
    for field, manager in sorted(managers.items()):
        value = seen.after["spec"].get(field)
        if field not in seen.wanted["spec"] and value not in (None, False):
            yield Change(f"spec.{field}", _shown(value), _shown(value), manager)


def _managers(task: Manifest) -> dict[str, str]:
    """By field of the spec: another manager that has set it."""
    found: dict[str, str] = {}
    for entry in task["metadata"].get("managedFields") or ():
        manager = entry.get("manager", "")
        if manager not in (names.APPLY_MANAGER, names.FIELD_MANAGER):
            fields = (entry.get("fieldsV1") or {}).get("f:spec") or {}
            found |= {field.removeprefix("f:"): manager for field in fields}
    return found


def _shown(value: Any) -> str:
    return _ABSENT if value is None else str(value)


def _renames(gone: Sequence[Manifest], new: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    """A task that goes and one that comes are probably one, when all but the names is equal."""
    for task in gone:
        same = [other for other in new if _but_names(other) == _but_names(task)]
        if len(same) == 1:
            yield task["spec"]["taskID"], same[0]["spec"]["taskID"]


def _but_names(task: Manifest) -> Manifest:
    others = ("taskID", "entrypoint", "image", "suspend")
    return {key: value for key, value in task["spec"].items() if key not in others}
