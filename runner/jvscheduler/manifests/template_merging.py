"""Lays a user's partial pod template over our own pod.

The rules are those of a strategic merge patch. The template wins. Maps are merged.
Containers are merged by name. Any other list is replaced.

Volumes, mounts and environment variables are matched by name or path, but
replaced whole. Each has exactly one kind of source inside: half of ours and half
of the template's would be neither.

The custom resource's schema does not look into pod templates, so a template may
hold any JSON. Only what merging needs is checked here; the API server checks the
rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jvscheduler.manifests.template_checks import InvalidTemplate

_MERGED_ITEMS: Final = {"containers": "name", "initContainers": "name"}
_REPLACED_ITEMS: Final = {
    "env": "name",
    "imagePullSecrets": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
}


def merge(base: Mapping[str, Any], template: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The base with the template over it, as a new mapping.

    A null in the template changes nothing. Messages begin with `path`. Raises
    InvalidTemplate.
    """
    merged = dict(base)
    for field, value in template.items():
        if value is not None:
            merged[field] = _merge_field(field, base.get(field), value, f"{path}.{field}")
    return merged


def merge_by(
    key: str, base: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The base's items in their order, each replaced by the other of the same key.

    Others that the base does not have come after them.
    """
    by_key = {item[key]: item for item in others}
    known = {item[key] for item in base}
    return [by_key.get(item[key], item) for item in base] + [
        item for item in others if item[key] not in known
    ]


def _merge_field(field: str, base: Any, value: Any, path: str) -> Any:
    if field in _MERGED_ITEMS:
        return _merge_items(_MERGED_ITEMS[field], base or [], value, path)
    if field in _REPLACED_ITEMS:
        return merge_by(_REPLACED_ITEMS[field], base or [], _keyed(value, field, path))
    if isinstance(base, Mapping):
        return merge(base, _mapping(value, path), path)
    return value


def _merge_items(
    key: str, base: Sequence[Mapping[str, Any]], value: Any, path: str
) -> list[Mapping[str, Any]]:
    by_key = {item[key]: item for item in base}
    merged = [
        merge(by_key.get(item[key], {}), item, f"{path}[{item[key]}]")
        for item in _keyed(value, "containers", path)
    ]
    return merge_by(key, base, merged)


def _keyed(value: Any, field: str, path: str) -> Sequence[Mapping[str, Any]]:
    """The value when it is a list whose items all have the field's key."""
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
