"""What the Pod Security Standards allow, and a task's pod may not have: one rule, one function."""

from collections.abc import Iterator

from jvscheduler_operator.pod_templates.loops import PRIVATE_VOLUMES
from jvscheduler_operator.template_policy.baseline import is_on
from jvscheduler_operator.template_policy.parts import Pod, shown
from jvscheduler_operator.template_policy.violation import Violation

_CREDENTIALS = ("serviceAccountToken", "podCertificate")
"""Sources of a projected volume that the API server, or another one, takes for a login."""


def node_name(pod: Pod) -> Iterator[Violation]:
    # A pod with a node's name passes by the scheduler: taints, quotas of nodes and affinity.
    if pod.spec.get("nodeName") not in (None, ""):
        message = "a node by its name is forbidden: use nodeSelector or affinity"
        yield Violation(pod.spec.path_of("nodeName"), message)


def priority_class(pod: Pod) -> Iterator[Violation]:
    # The scheduler would evict any other pod for it, those of the cluster's own system too.
    found = pod.spec.get("priorityClassName")
    if isinstance(found, str) and found.startswith("system-"):
        message = f"the priority class {shown(found)} is the cluster's own, and forbidden"
        yield Violation(pod.spec.path_of("priorityClassName"), message)


def mounted_token(pod: Pod) -> Iterator[Violation]:
    if is_on(pod.spec.get("automountServiceAccountToken")):
        message = "must be false: a task has no token of the Kubernetes API"
        yield Violation(pod.spec.path_of("automountServiceAccountToken"), message)


def projected_credentials(pod: Pod) -> Iterator[Violation]:
    for volume in pod.spec.parts("volumes"):
        for source in volume.part("projected").parts("sources"):
            for kind in _CREDENTIALS:
                if source.has(kind):
                    message = "a task has no token and no certificate of the Kubernetes API"
                    yield Violation(source.path_of(kind), message)


def loop_volumes(pod: Pod) -> Iterator[Violation]:
    # The token reads the tasks of the namespace. The spool holds outcomes that the loop believes.
    for container in pod.containers:
        for mount in container.parts("volumeMounts"):
            if mount.get("name") in PRIVATE_VOLUMES:
                message = f"the volume {shown(mount.get('name'))} is the container loop's alone"
                yield Violation(mount.path, message)


def shared_processes(pod: Pod) -> Iterator[Violation]:
    # A process of the same user reads another one's files in /proc/<pid>/root, the token too.
    if pod.is_loop and is_on(pod.spec.get("shareProcessNamespace")):
        message = "is forbidden in the pod of a loop, whose token it would show"
        yield Violation(pod.spec.path_of("shareProcessNamespace"), message)
