"""`template={…}`: a partial pod template as `spec.template` has it, and what `pod` adds to it."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from jvscheduler.decorators.options import shown
from jvscheduler.decorators.pods import mapping, pod_template
from jvscheduler.errors import InvalidTask
from jvscheduler.manifests.template_checks import InvalidTemplate, check
from jvscheduler.manifests.template_merging import merge

_MOST_LEVELS: Final = 50
_MOST_BYTES: Final = 128 * 1024
"""`kubectl apply` notes the whole object in an annotation, which has at most 256 KiB."""
_PARTS: Final = ("metadata", "spec")
_METADATA: Final = ("labels", "annotations")


def template_of(pod: object, template: object) -> dict[str, Any] | None:
    """The partial pod template of both options; None when they ask for nothing.

    Raises InvalidTask for what no pod can have, and for what the two say differently.
    """
    own = {} if pod is None else pod_template(pod)
    other = {} if template is None else _checked(template)
    try:
        merged = {part: _merged(own, other, part) for part in _PARTS}
        both = {part: fields for part, fields in merged.items() if fields}
        check(both)
    except InvalidTemplate as error:
        # For the operator these fields are in the spec.
        raise InvalidTask(str(error).removeprefix("spec.")) from None
    _check_text(both)
    return both or None


def _check_text(template: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(template, ensure_ascii=False).encode())
    except UnicodeEncodeError as error:
        raise InvalidTask(f"pod and template must be Unicode text: {error.reason}") from None
    if size > _MOST_BYTES:
        raise InvalidTask(
            f"pod and template have more than {_MOST_BYTES // 1024} KiB, which `kubectl apply` "
            "cannot take: put long texts into a ConfigMap"
        )


def _merged(own: Mapping[str, Any], other: Mapping[str, Any], part: str) -> dict[str, Any]:
    path = f"spec.template.{part}"
    merged = merge(own.get(part, {}), other.get(part, {}), path)
    # Laid over the result once more, `pod` changes what the template says differently.
    again = merge(merged, own.get(part, {}), path)
    if again != merged:
        field, theirs, ours = _difference(merged, again, f"template.{part}")
        raise InvalidTask(
            f"pod and {field} say two things, {shown(ours)} and {shown(theirs)}: "
            "say it in one of the two"
        )
    return merged


def _difference(left: Any, right: Any, path: str) -> tuple[str, Any, Any]:
    """The path of the first difference, and both values."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        key = next(key for key in right if left.get(key) != right[key])
        return _difference(left.get(key), right[key], f"{path}.{key}")
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        number = next(n for n, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
        item = right[number]
        name = item.get("name", number) if isinstance(item, Mapping) else number
        return _difference(left[number], item, f"{path}[{name}]")
    return path, left, right


def _checked(template: object) -> dict[str, Any]:
    """A copy of the template, which is JSON with the keys of a pod template."""
    fields = mapping("template", template)
    _only(fields, "template", _PARTS)
    copy = {key: _json(value, f"template.{key}", 1) for key, value in fields.items()}
    for key, value in copy.items():
        mapping(f"template.{key}", value)
    metadata = copy.get("metadata", {})
    _only(metadata, "template.metadata", _METADATA)
    for key, texts in metadata.items():
        for name, text in mapping(f"template.metadata.{key}", texts).items():
            if not isinstance(text, str):
                raise InvalidTask(
                    f"template.metadata.{key}[{name}] must be text, got {shown(text)}"
                )
    return copy


def _only(fields: Mapping[str, Any], path: str, keys: tuple[str, ...]) -> None:
    for key in fields:
        if key not in keys:
            hint = ": put it into template['spec']" if path == "template" else ""
            raise InvalidTask(
                f"{path} has {' and '.join(keys)}, as a pod template, and no {shown(key)}{hint}"
            )


def _json(value: Any, path: str, level: int) -> Any:
    """A copy of JSON, with lists for tuples. Raises InvalidTask for anything else."""
    if level > _MOST_LEVELS:
        raise InvalidTask(f"template has more than {_MOST_LEVELS} levels inside each other")
    if isinstance(value, Mapping):
        items = mapping(path, value).items()
        return {key: _json(part, f"{path}.{key}", level + 1) for key, part in items}
    if isinstance(value, list | tuple):
        return [_json(part, f"{path}[{n}]", level + 1) for n, part in enumerate(value)]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise InvalidTask(f"{path} must be JSON, got {shown(value)}")
