"""How a user's partial pod template is laid over ours.

What the template says explicitly wins, as in a strategic merge patch: maps are
merged, lists of named things are merged by their name, any other list is
replaced. Things that have exactly one kind inside (a volume, an environment
variable) are replaced whole: half of ours and half of theirs would be neither.

The custom resource's schema does not look into pod templates, so anything may
stand in one. Only what merging needs is checked; the API server does the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jvscheduler.errors import SchedulerError

_MERGED_ITEMS: Final = {"containers": "name", "initContainers": "name"}
_REPLACED_ITEMS: Final = {"env": "name", "volumes": "name", "volumeMounts": "mountPath"}


class InvalidTemplate(SchedulerError):
    """A pod template that cannot be merged, or that sets what is not its own."""


def merge(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A new mapping; null in theirs says nothing. `path` names the place in messages."""
    merged = dict(ours)
    for field, value in theirs.items():
        if value is not None:
            merged[field] = _merge_field(field, ours.get(field), value, f"{path}.{field}")
    return merged


def merge_by(
    key: str, ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Ours in their order, each replaced by theirs of the same key; then theirs that are new."""
    by_key = {item[key]: item for item in theirs}
    known = {item[key] for item in ours}
    return [by_key.get(item[key], item) for item in ours] + [
        item for item in theirs if item[key] not in known
    ]


def _merge_field(field: str, ours: Any, theirs: Any, path: str) -> Any:
    if field in _MERGED_ITEMS:
        return _merge_items(_MERGED_ITEMS[field], ours or [], theirs, path)
    if field in _REPLACED_ITEMS:
        return merge_by(_REPLACED_ITEMS[field], ours or [], _keyed(theirs, field, path))
    if isinstance(ours, Mapping):
        return merge(ours, _mapping(theirs, path), path)
    return theirs


def _merge_items(
    key: str, ours: Sequence[Mapping[str, Any]], theirs: Any, path: str
) -> list[Mapping[str, Any]]:
    by_key = {item[key]: item for item in ours}
    laid_over = [
        merge(by_key.get(item[key], {}), item, f"{path}[{item[key]}]")
        for item in _keyed(theirs, "containers", path)
    ]
    return merge_by(key, ours, laid_over)


def _keyed(value: Any, field: str, path: str) -> Sequence[Mapping[str, Any]]:
    key = {**_MERGED_ITEMS, **_REPLACED_ITEMS}[field]
    if isinstance(value, list) and all(
        isinstance(item, Mapping) and isinstance(item.get(key), str) for item in value
    ):
        return value
    raise InvalidTemplate(f"{path} must be a list of objects, each with a {key}")


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise InvalidTemplate(f"{path} must be an object, got {type(value).__name__}")
