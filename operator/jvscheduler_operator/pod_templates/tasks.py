"""The pod of a task: what the runner needs, under `restricted` pod security.

The environment is the contract with the runner (`jvscheduler.environment`):
ours always, except for the database, which a template may point elsewhere.
There is no `command`: the image's own entrypoint is the runner.
Security settings are defaults that a template overrides by saying so; no
resources are set, a namespace's LimitRange says what is usual there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jvscheduler import environment, names
from jvscheduler.manifests.mapping import to_variables
from jvscheduler.manifests.spec import PodTemplate, ScheduledTaskSpec
from jvscheduler_operator.pod_templates import merging as templates

_SCRATCH: Final = "tmp"

UNPRIVILEGED: Final[Mapping[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
"""What `restricted` demands of every container, also of a template's own ones."""

_RESERVED: Final[Mapping[str, str]] = {
    "restartPolicy": "a new attempt is a new pod, set spec.backoffLimit",
    "activeDeadlineSeconds": "set spec.activeDeadlineSeconds, which limits one attempt",
}
"""Fields of the pod that a template may not set, and what to do instead."""

_RESERVED_OF_TASK: Final[Mapping[str, str]] = {
    "image": "set spec.image",
    "terminationMessagePath": "the runner reports its outcome there",
    "terminationMessagePolicy": "the runner reports its outcome there",
}
"""The same of the template's container `task`."""


def pod_template(name: str, spec: ScheduledTaskSpec) -> dict[str, Any]:
    """The pod template of a task whose resource has this name. Raises InvalidTemplate."""
    template = spec.template or PodTemplate.model_validate({})
    metadata = template.metadata
    pod = {**pod_spec(spec, _environment(name, spec)), "restartPolicy": "Never"}
    return {
        "metadata": {
            "labels": {**metadata.labels, names.TASK_LABEL: name},
            "annotations": {**metadata.annotations, names.TASK_ID_ANNOTATION: spec.task_id},
        },
        "spec": pod,
    }


def pod_spec(spec: ScheduledTaskSpec, contract: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Our pod with the template over it; its container `task` has at least the variables of the
    contract. Raises InvalidTemplate."""
    theirs = (spec.template or PodTemplate.model_validate({})).spec
    _refuse_reserved(theirs)
    pod = templates.merge(_pod(spec.image, contract), theirs, "spec.template.spec")
    return _completed(pod, contract)


def _pod(image: str, contract: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(image, contract)],
        "volumes": [{"name": _SCRATCH, "emptyDir": {}}],
    }


def _container(image: str, contract: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": names.TASK_CONTAINER,
        "image": image,
        "env": [*contract, _database()],
        "securityContext": {"readOnlyRootFilesystem": True},
        "terminationMessagePolicy": "File",
        "volumeMounts": [{"name": _SCRATCH, "mountPath": "/tmp"}],  # noqa: S108 - in the pod
    }


def _refuse_reserved(pod: Mapping[str, Any]) -> None:
    refuse(pod, "spec.template.spec", _RESERVED)
    for container in named_containers(pod, names.TASK_CONTAINER):
        path = f"spec.template.spec.containers[{names.TASK_CONTAINER}]"
        refuse(container, path, _RESERVED_OF_TASK)


def refuse(place: Mapping[str, Any], path: str, reserved: Mapping[str, str]) -> None:
    """Raises InvalidTemplate for a field that is reserved, with what to do instead."""
    for field in reserved.keys() & place.keys():
        raise templates.InvalidTemplate(f"{path}.{field} must be left out: {reserved[field]}")


def named_containers(pod: Mapping[str, Any], *wanted: str) -> list[Mapping[str, Any]]:
    """Of a template in which anything may stand."""
    containers = pod.get("containers")
    found = containers if isinstance(containers, list) else []
    return [c for c in found if isinstance(c, Mapping) and c.get("name") in wanted]


def _completed(pod: dict[str, Any], contract: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The merged pod with what no template may take away."""
    kinds = [kind for kind in ("initContainers", "containers") if pod.get(kind)]
    restricted = {kind: [_unprivileged(c) for c in pod[kind]] for kind in kinds}
    containers = [
        {**c, "env": templates.merge_by("name", c["env"], contract)}
        if c.get("name") == names.TASK_CONTAINER
        else c
        for c in restricted["containers"]
    ]
    return {**pod, **restricted, "containers": containers}


def _unprivileged(container: Mapping[str, Any]) -> dict[str, Any]:
    ours = {"securityContext": UNPRIVILEGED}
    return templates.merge(ours, container, f"spec.template.spec.[{container['name']}]")


def _environment(name: str, spec: ScheduledTaskSpec) -> list[dict[str, Any]]:
    values = {
        environment.TASK_ID: spec.task_id,
        environment.TASK_NAME: name,
        **to_variables(spec.to_json()),
    }
    job = f"metadata.labels['{names.JOB_NAME_LABEL}']"
    return [
        *({"name": variable, "value": value} for variable, value in values.items()),
        *place_of_the_pod(),
        _of_field(environment.JOB_NAME, job),
    ]


def place_of_the_pod() -> list[dict[str, Any]]:
    fields = {
        environment.NAMESPACE: "metadata.namespace",
        environment.POD_NAME: "metadata.name",
        environment.NODE_NAME: "spec.nodeName",
    }
    return [_of_field(name, path) for name, path in fields.items()]


def _of_field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _database() -> dict[str, Any]:
    """Optional: a task runs also where no database was told, its outcome is then not kept."""
    reference = {
        "name": names.DATABASE_SECRET,
        "key": names.DATABASE_SECRET_KEY,
        "optional": True,
    }
    return {"name": environment.DATABASE_URL, "valueFrom": {"secretKeyRef": reference}}
