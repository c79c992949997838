"""Refuses what no template may say, on either backend. One rule, one function.

The decorator calls it for a task's own template, and the operator for a ScheduledTask's. The
custom resource's schema says most of it at `kubectl apply`, but an older schema let it through.
No rule of a schema can say what a quantity is.

A template is handled as JSON has it: the decorator does without pydantic.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from jvscheduler import environment, names
from jvscheduler.errors import InvalidInput
from jvscheduler.manifests import patterns

_PATH: Final = "spec.template.spec"
_KINDS: Final = ("containers", "initContainers")
_QUANTITY: Final = re.compile(
    r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"
)
_SINGLE_QUANTITIES: Final = (".emptyDir.sizeLimit", ".resourceFieldRef.divisor")
"""With their parents: the attributes of a CSI volume may have any names."""
_ACCOUNT: Final = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")

_RESERVED: Final[Mapping[str, str]] = {
    "restartPolicy": "a new attempt is a new pod, set spec.backoffLimit",
    "activeDeadlineSeconds": "set spec.activeDeadlineSeconds, which limits one attempt",
}
"""Fields of the pod that a template must not set, and what to do instead."""

_RESERVED_OF_TASK: Final[Mapping[str, str]] = {
    "image": "set spec.image",
    "terminationMessagePath": "the runner reports its outcome there",
    "terminationMessagePolicy": "the runner reports its outcome there",
}
"""Fields of the container `task` that a template must not set."""

Template = Mapping[str, Any]
"""With `metadata`, which has labels and annotations, and `spec`. Each may be missing."""
Rule = Callable[[Template], None]


class InvalidTemplate(InvalidInput):
    """A pod template that cannot be merged, or that sets a reserved field."""


def check(template: Template) -> None:
    """Raises InvalidTemplate for the first mistake."""
    for rule in RULES:
        rule(template)


def refuse_fields(manifest: Mapping[str, Any], path: str, reserved: Mapping[str, str]) -> None:
    """Raise InvalidTemplate for a reserved field, and say what to do instead."""
    for field in reserved.keys() & manifest.keys():
        raise InvalidTemplate(f"{path}.{field} must be left out: {reserved[field]}")


def named_containers(pod: Mapping[str, Any], *wanted: str) -> list[Mapping[str, Any]]:
    """The containers that have one of the names.

    The pod may be a template that nobody has checked: `containers` may be any JSON.
    """
    containers = pod.get("containers")
    listed = containers if isinstance(containers, list) else []
    return [c for c in listed if isinstance(c, Mapping) and c.get("name") in wanted]


def is_quantity(value: Any) -> bool:
    if isinstance(value, str):
        return _QUANTITY.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _nothing_reserved(template: Template) -> None:
    pod = template.get("spec", {})
    refuse_fields(pod, _PATH, _RESERVED)
    for container in named_containers(pod, names.TASK_CONTAINER):
        refuse_fields(container, f"{_PATH}.containers[{names.TASK_CONTAINER}]", _RESERVED_OF_TASK)


def _no_keys_of_ours(template: Template) -> None:
    for field, texts in template.get("metadata", {}).items():
        for key in texts:
            # With a label of ours, the server would mistake a pod for another task's.
            if key.startswith(f"{names.GROUP}/"):
                raise InvalidTemplate(
                    f"spec.template.metadata.{field}: {key} must be left out: keys that begin "
                    f"with {names.GROUP}/ are the operator's"
                )


def _names_differ(template: Template) -> None:
    for kind in _KINDS:
        counts = Counter(container["name"] for container in _named(template, kind))
        for name, count in counts.items():
            if count > 1:
                raise InvalidTemplate(
                    f"{_PATH}.{kind}: {count} containers have the name {name!r}: give each a "
                    "name of its own"
                )


def _images(template: Template) -> None:
    for kind in _KINDS:
        for container in _named(template, kind):
            is_task = kind == "containers" and container["name"] == names.TASK_CONTAINER
            if not is_task:  # the task's own is refused elsewhere
                _check_image(container, f"{_PATH}.{kind}[{container['name']}].image")


def _check_image(container: Mapping[str, Any], path: str) -> None:
    image = container.get("image")
    if image is None:
        raise InvalidTemplate(f"{path} is required for every container but 'task'")
    if not isinstance(image, str) or re.fullmatch(patterns.IMAGE, image) is None:
        raise InvalidTemplate(f"{path} {patterns.IMAGE_MESSAGE}; got {_shown(image)}")


def _no_variables_of_ours(template: Template) -> None:
    for container in _named(template, "containers"):
        if container["name"] != names.TASK_CONTAINER:
            continue
        for variable in _variables(container):
            name = variable.get("name")
            if name in environment.SET_BY_THE_OPERATOR:
                raise InvalidTemplate(
                    f"{_PATH}.containers[task].env: {name} must be left out: the operator sets "
                    "it, it tells the runner its task"
                )


def _variables_are_text(template: Template) -> None:
    for kind in _KINDS:
        for container in _named(template, kind):
            for variable in _variables(container):
                value = variable.get("value")
                if value is not None and not isinstance(value, str):
                    raise InvalidTemplate(
                        f"{_PATH}.{kind}[{container['name']}].env[{variable.get('name')}].value "
                        f"must be text, got {_shown(value)}: write it in quotes"
                    )


def _account(template: Template) -> None:
    # The name becomes part of a request's path and of a RoleBinding's name.
    account = template.get("spec", {}).get("serviceAccountName")
    if account is not None and not (isinstance(account, str) and _ACCOUNT.fullmatch(account)):
        raise InvalidTemplate(
            f"{_PATH}.serviceAccountName must be the name of a ServiceAccount, such as "
            f"shop-reader; got {_shown(account)}"
        )


def _quantities(template: Template) -> None:
    # The API server names no field when it refuses one.
    for path, value in _all_quantities(template.get("spec", {})):
        if not is_quantity(value):
            raise InvalidTemplate(
                f"{path} must be a quantity, such as 500m, 2 or 512Mi; got {_shown(value)}"
            )


RULES: Final[Sequence[Rule]] = (
    _nothing_reserved,
    _no_keys_of_ours,
    _names_differ,
    _images,
    _no_variables_of_ours,
    _variables_are_text,
    _account,
    _quantities,
)
"""The first mistake that one of them finds is reported."""


def _variables(container: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    env = container.get("env")
    return [each for each in (env if isinstance(env, list) else []) if isinstance(each, Mapping)]


def _named(template: Template, kind: str) -> list[Mapping[str, Any]]:
    """The containers with a name; whatever else is there is refused when it is merged."""
    found = template.get("spec", {}).get(kind)
    listed = found if isinstance(found, list) else []
    return [c for c in listed if isinstance(c, Mapping) and isinstance(c.get("name"), str)]


def _all_quantities(pod: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every quantity with its path. Not recursive: a template may be nested deeply."""
    waiting: list[tuple[str, Any]] = [(_PATH, pod)]
    while waiting:
        path, value = waiting.pop()
        for step, part in _parts(value):
            inner = f"{path}{step}"
            if step == ".resources":
                yield from _resources(part, inner)
            elif inner.endswith(_SINGLE_QUANTITIES) and part is not None:
                yield inner, part
            waiting.append((inner, part))


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f".{key}", part) for key, part in value.items())
    elif isinstance(value, list):
        for number, part in enumerate(value):
            name = part.get("name") if isinstance(part, Mapping) else None
            yield f"[{name if isinstance(name, str) else number}]", part


def _resources(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    for field in ("limits", "requests"):
        amounts = value.get(field) if isinstance(value, Mapping) else None
        if isinstance(amounts, Mapping):
            yield from ((f"{path}.{field}.{name}", amount) for name, amount in amounts.items())


def _shown(value: Any) -> str:
    return repr(value if not isinstance(value, str) else value[:80])[:100]
