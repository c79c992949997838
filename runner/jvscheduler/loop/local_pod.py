"""What a task's pod would have, as far as a machine without Kubernetes can give it. Pure.

The variables of the container `task` are set for the task's process, by the rules of Kubernetes.
Everything else becomes a note that names what is missing here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jvscheduler import environment, names
from jvscheduler.loop.pod_values import ByName, PodValues

_REFERENCE: Final = re.compile(r"\$(?:\$|\(([-._A-Za-z0-9]+)\))")


@dataclass(frozen=True)
class LocalPod:
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: Sequence[str] = ()
    """Each names something that a pod would have and this process has not."""


def local_pod(
    template: Mapping[str, Any] | None, values: PodValues, own: Mapping[str, str]
) -> LocalPod:
    """`own` is the environment that the task's process inherits."""
    pod = _object(template or {}, "spec")
    containers = list(_objects(pod, "containers"))
    task = next((c for c in containers if c.get("name") == names.TASK_CONTAINER), {})
    variables = _Variables(values, own)
    variables.add(task)
    others = [*_objects(pod, "initContainers"), *(c for c in containers if c is not task)]
    notes = [*variables.notes, *_not_enforced(task), *_not_mounted(task), *_not_run(others)]
    return LocalPod(variables.environ, notes)


class _Variables:
    """Kubernetes' order: those of `envFrom`, then those of `env`. A later one wins."""

    def __init__(self, values: PodValues, own: Mapping[str, str]) -> None:
        self._kinds: Final[Mapping[str, tuple[str, ByName]]] = {
            "secret": ("Secret", values.secrets),
            "configMap": ("ConfigMap", values.config_maps),
        }
        self._own = own
        self._secret: list[str] = []
        """The variables whose values are from Secrets."""
        self.environ: dict[str, str] = {}
        self.notes: list[str] = []

    def add(self, container: Mapping[str, Any]) -> None:
        for source in _objects(container, "envFrom"):
            self._add_all(source)
        for variable in _objects(container, "env"):
            self._add_one(str(variable.get("name")), variable)
        if self._secret:
            known = [*filter(None, [self._own.get(environment.SECRET_VARIABLES)]), *self._secret]
            self.environ[environment.SECRET_VARIABLES] = ",".join(known)
        if self.environ.pop(environment.DATABASE_URL, None) is not None:
            self.notes.append(f"{environment.DATABASE_URL} is left as it is here")

    def _add_all(self, source: Mapping[str, Any]) -> None:
        for kind, (label, objects) in self._kinds.items():
            name = _object(source, f"{kind}Ref").get("name")
            if name is None:
                continue
            if name not in objects:
                self.notes.append(
                    f"the {label} {name} is not in the secrets file: its variables are those of "
                    "your own environment"
                )
            prefix = str(source.get("prefix") or "")
            found = {prefix + key: value for key, value in objects.get(name, {}).items()}
            self._set(kind, found)

    def _add_one(self, name: str, variable: Mapping[str, Any]) -> None:
        source = variable.get("valueFrom")
        if source is None:
            self.environ[name] = self._expanded(str(variable.get("value") or ""))
            return
        for kind in self._kinds:
            reference = _object(variable, "valueFrom").get(f"{kind}KeyRef")
            if isinstance(reference, Mapping):
                self._add_key(name, kind, reference)
                return
        self.notes.append(f"{name} is not set: only Kubernetes knows it")

    def _set(self, kind: str, found: Mapping[str, str]) -> None:
        self.environ |= found
        if kind == "secret":
            self._secret += found

    def _add_key(self, name: str, kind: str, reference: Mapping[str, Any]) -> None:
        label, objects = self._kinds[kind]
        of, key = str(reference.get("name")), str(reference.get("key"))
        if key in objects.get(of, {}):
            self._set(kind, {name: objects[of][key]})
        elif name not in self._own and not reference.get("optional"):
            self.notes.append(
                f"{name} is not set: the key {key} of the {label} {of} is not in the secrets "
                f"file, and {name} is not in your own environment"
            )

    def _expanded(self, text: str) -> str:
        """`$(NAME)` is a variable that was set before, `$$` a dollar; all else stays."""

        def value(match: re.Match[str]) -> str:
            name = match[1]
            return "$" if name is None else self.environ.get(name, match[0])

        return _REFERENCE.sub(value, text)


def _not_enforced(task: Mapping[str, Any]) -> Iterator[str]:
    resources = _object(task, "resources")
    amounts = {**_object(resources, "requests"), **_object(resources, "limits")}
    if amounts:
        listed = ", ".join(f"{name} {amount}" for name, amount in sorted(amounts.items()))
        yield f"not enforced here: {listed}"


def _not_mounted(task: Mapping[str, Any]) -> Iterator[str]:
    paths = [str(mount.get("mountPath")) for mount in _objects(task, "volumeMounts")]
    if paths:
        yield f"not mounted here: {', '.join(paths)}"


def _not_run(containers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if containers:
        yield f"not run here: containers {', '.join(str(c.get('name')) for c in containers)}"


def _object(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = fields.get(key)
    return found if isinstance(found, Mapping) else {}


def _objects(fields: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list. A template may hold any JSON."""
    found = fields.get(key)
    return (
        item for item in (found if isinstance(found, list) else []) if isinstance(item, Mapping)
    )
