"""The pod of a loop: its container `loop` schedules and records, `worker` runs the user's code.

Only `loop` has a token, which may read ScheduledTasks and nothing else. It is
projected into that container alone, so that the user's code never sees it. The
two containers talk over a Unix socket in a volume of their own.

A template is laid over the pod as for a CronJob's task. Its container `task` is
laid over `worker`. The database that it names is the loop's database too,
because both write the same history.

The loop says that it is ready by creating a file. A probe by HTTP would need a
port, and the user may have given that port to another container of the pod.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jvscheduler import environment, images, names
from jvscheduler.manifests import template_merging
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.manifests.template_checks import InvalidTemplate, named_containers, refuse_fields
from jvscheduler_operator.objects.digests import short_digest
from jvscheduler_operator.pod_templates import base

RUN: Final = "/run/jvscheduler"
SOCKET: Final = f"{RUN}/worker.sock"
READY: Final = f"{RUN}/ready"
SPOOL: Final = "/var/spool/jvscheduler"
_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder

_GRACE_SECONDS: Final = 300
"""Seconds that running jobs have to end when the pod ends, unless the template sets them.

A new image must not cut jobs short. A pod without running jobs ends at once.
"""

_STARTUP_SECONDS: Final = 600
"""How long the loop may take to be ready before Kubernetes restarts its container."""

_RUN_VOLUME: Final = "jvscheduler-run"
_SPOOL_VOLUME: Final = "jvscheduler-spool"
_SCRATCH_VOLUME: Final = "jvscheduler-tmp"
_TOKEN_VOLUME: Final = "jvscheduler-token"  # noqa: S105

PRIVATE_VOLUMES: Final = (_SPOOL_VOLUME, _SCRATCH_VOLUME, _TOKEN_VOLUME)
"""The volumes that only the container `loop` may mount."""

_ACCOUNT_FIELDS: Final = ("serviceAccountName", "serviceAccount")
"""The API server writes the second one, which has no meaning of its own."""

_RESERVED_OF_TASK: Final[Mapping[str, str]] = {
    "command": "the loop's worker is started in its place",
    "args": "the loop's worker is started in its place",
}


DEFAULT_RESOURCES: Final[Mapping[str, Any]] = {
    "requests": {"cpu": "50m", "memory": "128Mi"},
    "limits": {"memory": "512Mi"},
}
"""The defaults of the container `loop`. Without a limit, a quota on `limits.memory` would refuse
every loop."""


@dataclass(frozen=True)
class LoopContainer:
    """The installation's settings for the container `loop`."""

    image: str
    pull_policy: str = "IfNotPresent"
    resources: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_RESOURCES)
    pull_secrets: Sequence[str] = ()
    """Names of Secrets in the loop's own namespace, for the image."""
    database: str | None = None
    """A digest of the database's address. A container reads its Secret only when it starts. So
    another address must be another pod, or the loop would go on with a password of the past."""
    log: Mapping[str, str] = field(default_factory=dict)
    """The variables that say how the loop and its worker log."""


def loop_name(spec: ScheduledTaskSpec) -> str:
    """The Deployment's name: equal for tasks whose image and template are equal."""
    shape = [spec.image, base.template_of(spec).model_dump(mode="json", by_alias=True)]
    return f"{names.LOOP_PREFIX}-{short_digest(shape)[:10]}"


def worker_pod(spec: ScheduledTaskSpec) -> dict[str, Any]:
    """The pod without its container `loop`. Raises InvalidTemplate."""
    _refuse_reserved(base.template_of(spec).spec)
    pod = base.pod_spec(spec, base.identity_variables())
    grace = pod.setdefault("terminationGracePeriodSeconds", _GRACE_SECONDS)
    pod.setdefault("serviceAccountName", names.LOOP_ACCOUNT)
    containers = [
        _worker(c, grace) if c["name"] == names.TASK_CONTAINER else c for c in pod["containers"]
    ]
    # Our volumes are merged last: a template's volume of the same name must not
    # come between loop and worker.
    volumes = template_merging.merge_by("name", pod["volumes"], _volumes())
    return {**pod, "restartPolicy": "Always", "containers": containers, "volumes": volumes}


def pod_template(name: str, spec: ScheduledTaskSpec, container: LoopContainer) -> dict[str, Any]:
    """The pod template of the Deployment that has this name. Raises InvalidTemplate."""
    pod = worker_pod(spec)
    metadata = base.template_of(spec).metadata
    own = {names.DATABASE_ANNOTATION: container.database} if container.database else {}
    (worker,) = named_containers(pod, names.WORKER_CONTAINER)
    loop = _loop(name, container, pod["terminationGracePeriodSeconds"], _database_of(worker))
    return {
        "metadata": {
            "labels": {**metadata.labels, names.LOOP_LABEL: name},
            "annotations": {**metadata.annotations, **own},
        },
        "spec": {
            **pod,
            **_pull_secrets(pod, container.pull_secrets),
            "containers": [
                base.with_defaults(loop, container.log),
                *(
                    base.with_defaults(c, container.log) if c is worker else c
                    for c in pod["containers"]
                ),
            ],
        },
    }


def users_part(template: Mapping[str, Any]) -> dict[str, Any]:
    """A loop's pod template without what the operator alone puts there.

    The template may be one that the API server has stored, or a `worker_pod` in its place.
    """
    pod = template["spec"]
    containers = [
        {**c, "name": names.TASK_CONTAINER} if c["name"] == names.WORKER_CONTAINER else c
        for c in pod["containers"]
        if c["name"] != names.LOOP_CONTAINER
    ]
    volumes = [v for v in pod.get("volumes", ()) if v["name"] not in PRIVATE_VOLUMES]
    others = {
        field: value
        for field, value in pod.items()
        if field not in _ACCOUNT_FIELDS or value != names.LOOP_ACCOUNT
    }
    return {
        "metadata": template.get("metadata", {}),
        "spec": {**others, "containers": containers, "volumes": volumes},
    }


def _pull_secrets(pod: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The template's own pull secrets, and those of the container `loop`."""
    ours = [{"name": name} for name in wanted]
    merged = template_merging.merge_by("name", pod.get("imagePullSecrets", ()), ours)
    return {"imagePullSecrets": merged} if merged else {}


def _refuse_reserved(template: Mapping[str, Any]) -> None:
    path = "spec.template.spec.containers"
    for container in named_containers(template, names.TASK_CONTAINER):
        refuse_fields(container, f"{path}[{names.TASK_CONTAINER}]", _RESERVED_OF_TASK)
    for container in named_containers(template, names.LOOP_CONTAINER, names.WORKER_CONTAINER):
        raise InvalidTemplate(
            f"{path}[{container['name']}] has the name of a container of the loop: give it another"
        )


def _worker(task: Mapping[str, Any], grace: int) -> dict[str, Any]:
    mounts = [{"name": _RUN_VOLUME, "mountPath": RUN}]
    return {
        **task,
        "name": names.WORKER_CONTAINER,
        "command": images.command("jvscheduler.worker"),
        "env": template_merging.merge_by("name", task["env"], _shared_variables(grace)),
        "volumeMounts": template_merging.merge_by("mountPath", task["volumeMounts"], mounts),
    }


def _loop(
    name: str, container: LoopContainer, grace: int, database: base.Variables
) -> dict[str, Any]:
    is_ready = {"exec": {"command": ["test", "-f", READY]}}
    own = {environment.LOOP_NAME: name, environment.SPOOL: SPOOL}
    mounts = {
        _RUN_VOLUME: RUN,
        _SPOOL_VOLUME: SPOOL,
        _SCRATCH_VOLUME: "/tmp",  # noqa: S108 - in the pod
        _TOKEN_VOLUME: _TOKEN,
    }
    return {
        "name": names.LOOP_CONTAINER,
        "image": container.image,
        "imagePullPolicy": container.pull_policy,
        "resources": container.resources,
        "command": ["python", "-m", "jvscheduler_server.loop_pod"],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "env": [
            *base.identity_variables(),
            *_texts(own),
            *_shared_variables(grace),
            *database,
        ],
        "startupProbe": {**is_ready, "periodSeconds": 1, "failureThreshold": _STARTUP_SECONDS},
        "readinessProbe": {**is_ready, "periodSeconds": 10},
        "securityContext": {**base.UNPRIVILEGED, "readOnlyRootFilesystem": True},
        "volumeMounts": [
            *({"name": volume, "mountPath": path} for volume, path in mounts.items()),
            dict(base.DATABASE_MOUNT),
        ],
    }


def _shared_variables(grace: int) -> list[dict[str, Any]]:
    return _texts({environment.WORKER_SOCKET: SOCKET, environment.GRACE_SECONDS: str(grace)})


def _texts(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _database_of(worker: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [v for v in worker["env"] if v["name"] == environment.DATABASE_URL]


def _volumes() -> list[dict[str, Any]]:
    empty = (_RUN_VOLUME, _SPOOL_VOLUME, _SCRATCH_VOLUME)
    return [*({"name": name, "emptyDir": {}} for name in empty), _token()]


def _token() -> dict[str, Any]:
    """The volume that Kubernetes would mount into every container of the pod by itself."""
    authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": authority},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": _TOKEN_VOLUME, "projected": {"sources": sources}}
