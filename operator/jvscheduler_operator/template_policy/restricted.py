"""What the Pod Security Standard `restricted` adds to `baseline`: one rule, one function.

The operator's own pod fulfils all of it, so that an empty template does too.
"""

from collections.abc import Iterator
from typing import Final

from jvscheduler_operator.template_policy.parts import Pod, shown
from jvscheduler_operator.template_policy.violation import Violation

_VOLUMES: Final = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)


def volume_types(pod: Pod) -> Iterator[Violation]:
    for volume in pod.spec.parts("volumes"):
        # `hostPath` has a rule of its own.
        if not any(volume.has(kind) for kind in (*_VOLUMES, "hostPath")):
            kinds = " or ".join(shown(k) for k in volume.fields if k != "name") or "no source"
            yield Violation(volume.path, f"a volume of {kinds[:80]} is forbidden")


def privilege_escalation(pod: Pod) -> Iterator[Violation]:
    if pod.is_windows:
        return
    for container in pod.containers:
        security = container.part("securityContext")
        if security.get("allowPrivilegeEscalation") is not False:
            yield Violation(security.path_of("allowPrivilegeEscalation"), "must be false")


def non_root(pod: Pod) -> Iterator[Violation]:
    for security in pod.all_security:
        if security.get("runAsNonRoot") not in (None, True):
            yield Violation(security.path_of("runAsNonRoot"), "must be true")
    if pod.security.has("runAsNonRoot"):
        return
    for container in pod.containers:
        security = container.part("securityContext")
        if not security.has("runAsNonRoot"):
            yield Violation(security.path_of("runAsNonRoot"), "must be true")


def non_root_user(pod: Pod) -> Iterator[Violation]:
    for security in pod.all_security:
        if security.get("runAsUser") == 0:
            yield Violation(security.path_of("runAsUser"), "must not be 0")


def seccomp_is_set(pod: Pod) -> Iterator[Violation]:
    if pod.is_windows or pod.security.has("seccompProfile"):
        return
    for container in pod.containers:
        security = container.part("securityContext")
        if not security.has("seccompProfile"):
            yield Violation(security.path_of("seccompProfile"), "must be set")


def capabilities_are_dropped(pod: Pod) -> Iterator[Violation]:
    if pod.is_windows:
        return
    for container in pod.containers:
        found = container.part("securityContext").part("capabilities")
        if "ALL" not in found.values("drop"):
            yield Violation(found.path_of("drop"), 'must have "ALL"')
        for name in found.values("add"):
            if name != "NET_BIND_SERVICE":
                message = f"only NET_BIND_SERVICE is allowed, got {shown(name)}"
                yield Violation(found.path_of("add"), message)
