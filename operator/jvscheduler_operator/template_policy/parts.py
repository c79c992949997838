"""Reads a pod that may hold any JSON, and remembers where each part stands in the task.

What is not an object or a list where one is expected is read as absent. The API server refuses
such a pod.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from jvscheduler_operator.pod_templates.loops import users_part

_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
_LONGEST_NAME: Final = 63
"""Characters of a user's name that a message repeats."""


@dataclass(frozen=True)
class Part:
    """An object within the pod."""

    path: str
    fields: Mapping[str, Any]

    def get(self, field: str) -> Any:
        return self.fields.get(field)

    def path_of(self, field: str) -> str:
        return f"{self.path}.{field}"

    def part(self, field: str) -> "Part":
        """The object in this field; an empty one when there is none."""
        found = self.fields.get(field)
        return Part(self.path_of(field), found if isinstance(found, Mapping) else {})

    def has(self, field: str) -> bool:
        return self.fields.get(field) is not None

    def parts(self, field: str) -> Iterator["Part"]:
        """The objects of the list in this field. Each is called by its name, or by its number."""
        found = self.fields.get(field)
        for number, item in enumerate(found if isinstance(found, list) else []):
            if isinstance(item, Mapping):
                yield Part(f"{self.path_of(field)}[{_name(item, number)}]", item)

    def values(self, field: str) -> list[Any]:
        """The list in this field; an empty one when there is none."""
        found = self.fields.get(field)
        return found if isinstance(found, list) else []


@dataclass(frozen=True)
class Pod:
    """A pod as the template's user would find its fields in the task."""

    metadata: Part
    spec: Part
    namespace: str
    is_loop: bool
    """True for the pod of a loop, without what the operator alone puts there."""

    @classmethod
    def of_cron_job(cls, template: Mapping[str, Any], namespace: str) -> "Pod":
        """The pod that a CronJob's template makes."""
        return _pod(template, namespace, is_loop=False)

    @classmethod
    def of_loop(cls, template: Mapping[str, Any], namespace: str) -> "Pod":
        """The pod that a loop's Deployment makes."""
        return _pod(users_part(template), namespace, is_loop=True)

    @property
    def containers(self) -> Iterator[Part]:
        """The containers of all three kinds."""
        return chain.from_iterable(self.spec.parts(kind) for kind in _CONTAINERS)

    @property
    def security(self) -> Part:
        return self.spec.part("securityContext")

    @property
    def all_security(self) -> Iterator[Part]:
        """The security context of the pod, and that of each container."""
        yield self.security
        for container in self.containers:
            yield container.part("securityContext")

    @property
    def is_windows(self) -> bool:
        return bool(self.spec.part("os").get("name") == "windows")


def _pod(template: Mapping[str, Any], namespace: str, *, is_loop: bool) -> Pod:
    whole = Part("spec.template", template)
    return Pod(whole.part("metadata"), whole.part("spec"), namespace, is_loop)


def shown(value: Any) -> str:
    """A value of the user's within a message."""
    text = value[:_LONGEST_NAME] if isinstance(value, str) else value
    return repr(text)[: _LONGEST_NAME + 2]


def _name(item: Mapping[str, Any], number: int) -> str | int:
    name = item.get("name")
    return name[:_LONGEST_NAME] if isinstance(name, str) else number
