"""The pod of a loop: `loop` decides and records, `worker` runs the user's code.

Only `loop` has a token, which may look at ScheduledTasks and nothing else; it
is projected into that container alone, so that user code never sees it. The two
talk over a Unix socket in a volume of their own. A template is laid over the
worker where it speaks of the container `task`, and over the pod as in a
CronJob; what it says of the database holds for the loop, too, as both write the
same history.

The loop says that it is ready by a file: a probe by HTTP would need a port in a
pod that the user may have given one already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jvscheduler import environment, names
from jvscheduler.manifests.spec import PodTemplate, ScheduledTaskSpec
from jvscheduler_operator.pod_templates import merging as templates
from jvscheduler_operator.pod_templates import tasks as pods

RUN: Final = "/run/jvscheduler"
SOCKET: Final = f"{RUN}/worker.sock"
READY: Final = f"{RUN}/ready"
SPOOL: Final = "/var/spool/jvscheduler"
_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder

_GRACE_SECONDS: Final = 300
"""For what still runs when the pod ends: a new image must not cut it short. A pod whose tasks
are done ends at once."""

_RUN_VOLUME: Final = "jvscheduler-run"
_SPOOL_VOLUME: Final = "jvscheduler-spool"
_SCRATCH_VOLUME: Final = "jvscheduler-tmp"
_TOKEN_VOLUME: Final = "jvscheduler-token"  # noqa: S105

_RESERVED_OF_TASK: Final[Mapping[str, str]] = {
    "command": "the loop's worker is started in its place",
    "args": "the loop's worker is started in its place",
}


@dataclass(frozen=True)
class LoopImage:
    """What runs in the container `loop`."""

    name: str
    pull_policy: str = "IfNotPresent"


def worker_pod(spec: ScheduledTaskSpec) -> dict[str, Any]:
    """The pod without its container `loop`. Raises InvalidTemplate."""
    _refuse_reserved((spec.template or PodTemplate.model_validate({})).spec)
    pod = pods.pod_spec(spec, pods.place_of_the_pod())
    grace = pod.setdefault("terminationGracePeriodSeconds", _GRACE_SECONDS)
    pod.setdefault("serviceAccountName", names.LOOP)
    containers = [
        _worker(c, grace) if c["name"] == names.TASK_CONTAINER else c for c in pod["containers"]
    ]
    volumes = templates.merge_by("name", pod["volumes"], _volumes())
    return {**pod, "restartPolicy": "Always", "containers": containers, "volumes": volumes}


def pod_template(name: str, spec: ScheduledTaskSpec, image: LoopImage) -> dict[str, Any]:
    """Of the Deployment of that name. Raises InvalidTemplate."""
    pod = worker_pod(spec)
    metadata = (spec.template or PodTemplate.model_validate({})).metadata
    (worker,) = pods.named_containers(pod, names.WORKER_CONTAINER)
    loop = _loop(name, image, pod["terminationGracePeriodSeconds"], _database_of(worker))
    return {
        "metadata": {
            "labels": {**_theirs(metadata.labels), names.LOOP_LABEL: name},
            "annotations": _theirs(metadata.annotations),
        },
        "spec": {**pod, "containers": [loop, *pod["containers"]]},
    }


def _theirs(texts: Mapping[str, str]) -> dict[str, str]:
    """Without those that would make the pod look like one of a task."""
    return {key: text for key, text in texts.items() if not key.startswith(f"{names.GROUP}/")}


def _refuse_reserved(theirs: Mapping[str, Any]) -> None:
    path = "spec.template.spec.containers"
    for container in pods.named_containers(theirs, names.TASK_CONTAINER):
        pods.refuse(container, f"{path}[{names.TASK_CONTAINER}]", _RESERVED_OF_TASK)
    for container in pods.named_containers(theirs, names.LOOP_CONTAINER, names.WORKER_CONTAINER):
        raise templates.InvalidTemplate(
            f"{path}[{container['name']}] has the name of a container of the loop: give it another"
        )


def _worker(task: Mapping[str, Any], grace: int) -> dict[str, Any]:
    mounts = [{"name": _RUN_VOLUME, "mountPath": RUN}]
    return {
        **task,
        "name": names.WORKER_CONTAINER,
        "command": ["python", "-m", "jvscheduler.worker"],
        "env": templates.merge_by("name", task["env"], _shared(grace)),
        "volumeMounts": templates.merge_by("mountPath", task["volumeMounts"], mounts),
    }


def _loop(
    name: str, image: LoopImage, grace: int, database: Sequence[Mapping[str, Any]]
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
        "image": image.name,
        "imagePullPolicy": image.pull_policy,
        "command": ["python", "-m", "jvscheduler_server.loop_pod"],
        "env": [*pods.place_of_the_pod(), *_texts(own), *_shared(grace), *database],
        "startupProbe": {**is_ready, "periodSeconds": 1, "failureThreshold": 600},
        "readinessProbe": {**is_ready, "periodSeconds": 10},
        "securityContext": {**pods.UNPRIVILEGED, "readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": volume, "mountPath": path} for volume, path in mounts.items()],
    }


def _shared(grace: int) -> list[dict[str, Any]]:
    return _texts({environment.WORKER_SOCKET: SOCKET, environment.GRACE_SECONDS: str(grace)})


def _texts(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def _database_of(worker: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [v for v in worker["env"] if v["name"] == environment.DATABASE_URL]


def _volumes() -> list[dict[str, Any]]:
    empty = (_RUN_VOLUME, _SPOOL_VOLUME, _SCRATCH_VOLUME)
    return [*({"name": name, "emptyDir": {}} for name in empty), _token()]


def _token() -> dict[str, Any]:
    """What Kubernetes mounts by itself where it is not told to leave it."""
    authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": authority},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": _TOKEN_VOLUME, "projected": {"sources": sources}}
