"""The pod that tasks and loops have in common, under `restricted` pod security.

Security settings are defaults: a template overrides them by setting them. No
resources are set; a namespace's LimitRange says what is usual there.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from jvscheduler import environment, images, names
from jvscheduler.manifests import template_checks, template_merging
from jvscheduler.manifests.spec import PodTemplate, ScheduledTaskSpec
from jvscheduler_operator.pod_templates.secrets import secret_variables

Variables = Sequence[Mapping[str, Any]]
"""Environment variables of a container, as its `env` has them."""

UNPRIVILEGED: Final[Mapping[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
"""`restricted` demands these of every container, including those that a template adds."""

_SCRATCH: Final = "tmp"

_DATABASE_VOLUME: Final = "jvscheduler-database"
DATABASE_MOUNT: Final[Mapping[str, Any]] = {
    "name": _DATABASE_VOLUME,
    "mountPath": str(PurePosixPath(environment.DATABASE_AUTHORITY_FILE).parent),
    "readOnly": True,
}
"""How a container gets the certificates by which it verifies the database's."""


def template_of(spec: ScheduledTaskSpec) -> PodTemplate:
    """The user's template; an empty one when the spec has none."""
    return spec.template or PodTemplate.model_validate({})


def pod_spec(spec: ScheduledTaskSpec, required: Variables) -> dict[str, Any]:
    """Our pod with the spec's template over it. Raises InvalidTemplate.

    Its container `task` has the required variables whatever the template says.
    """
    template = template_of(spec)
    metadata = {"labels": template.metadata.labels, "annotations": template.metadata.annotations}
    template_checks.check({"metadata": metadata, "spec": template.spec})
    pod = template_merging.merge(_pod(spec.image, required), template.spec, "spec.template.spec")
    return _with_guarantees(pod, required)


def identity_variables() -> list[dict[str, Any]]:
    """Variables that tell a container its own namespace, pod and node."""
    fields = {
        environment.NAMESPACE: "metadata.namespace",
        environment.POD_NAME: "metadata.name",
        environment.NODE_NAME: "spec.nodeName",
    }
    return [field_variable(name, path) for name, path in fields.items()]


def with_defaults(container: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The container with these variables, but for those that the template has set."""
    known = {variable["name"] for variable in container["env"]}
    added = [{"name": n, "value": v} for n, v in values.items() if n not in known]
    return {**container, "env": [*container["env"], *added]}


def field_variable(name: str, path: str) -> dict[str, Any]:
    """A variable that Kubernetes fills from a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _pod(image: str, required: Variables) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(image, required)],
        "volumes": [{"name": _SCRATCH, "emptyDir": {}}, _database_volume()],
    }


def _container(image: str, required: Variables) -> dict[str, Any]:
    return {
        "name": names.TASK_CONTAINER,
        "image": image,
        # Our own command, so that any image with the package will do: it needs no entrypoint.
        "command": images.command("jvscheduler.runner"),
        "env": [*required, _database_variable()],
        "securityContext": {"readOnlyRootFilesystem": True},
        # The runner writes its outcome. If the image has no runner, only the log says so.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": _SCRATCH, "mountPath": "/tmp"},  # noqa: S108 - in the pod
            dict(DATABASE_MOUNT),
        ],
    }


def _database_variable() -> dict[str, Any]:
    # Optional: where no database is configured, the Secret does not exist. The pod
    # must start all the same; its outcome is then not kept.
    reference = {
        "name": names.DATABASE_SECRET,
        "key": names.DATABASE_SECRET_KEY,
        "optional": True,
    }
    return {"name": environment.DATABASE_URL, "valueFrom": {"secretKeyRef": reference}}


def _database_volume() -> dict[str, Any]:
    # Only the certificates: the address is for whom its variable reaches. Optional, as the address
    # is, and because an installation need not have any.
    file = PurePosixPath(environment.DATABASE_AUTHORITY_FILE).name
    items = [{"key": names.DATABASE_AUTHORITY_KEY, "path": file}]
    secret = {"secretName": names.DATABASE_SECRET, "items": items, "optional": True}
    return {"name": _DATABASE_VOLUME, "secret": secret}


def _with_guarantees(pod: dict[str, Any], required: Variables) -> dict[str, Any]:
    """The merged pod with what no template may take away."""
    kinds = [kind for kind in ("initContainers", "containers") if pod.get(kind)]
    restricted = {kind: [_unprivileged(kind, c) for c in pod[kind]] for kind in kinds}
    # The required variables are merged last: a template that sets the variable of
    # the task's id must not make the runner record its jobs under another task.
    containers = [
        _with_variables(c, required) if c.get("name") == names.TASK_CONTAINER else c
        for c in restricted["containers"]
    ]
    return {**pod, **restricted, "containers": containers}


def _with_variables(container: Mapping[str, Any], required: Variables) -> dict[str, Any]:
    env = template_merging.merge_by("name", container["env"], required)
    secret = secret_variables(env, container.get("envFrom"))
    named = [{"name": environment.SECRET_VARIABLES, "value": ",".join(secret)}] if secret else []
    return {**container, "env": [*env, *named]}


def _unprivileged(kind: str, container: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {"securityContext": UNPRIVILEGED}
    return template_merging.merge(
        defaults, container, f"spec.template.spec.{kind}[{container['name']}]"
    )
