"""The Pod Security Standard `baseline`: one rule, one function.

https://kubernetes.io/docs/concepts/security/pod-security-standards has the controls. A newer
Kubernetes allows some of them in a user namespace (`hostUsers: false`). We do not: an older node
ignores that field, and the pod would be root on it.
"""

from collections.abc import Iterator
from typing import Any, Final

from jvscheduler_operator.template_policy.parts import Part, Pod, shown
from jvscheduler_operator.template_policy.violation import Violation

_CAPABILITIES: Final = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
_SELINUX_TYPES: Final = (
    None,
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
)
_SYSCTLS: Final = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
)
_PROFILES: Final = ("RuntimeDefault", "Localhost")
_CHOICE: Final = " or ".join(_PROFILES)
_APP_ARMOR_ANNOTATION: Final = "container.apparmor.security.beta.kubernetes.io/"
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS: Final = ("postStart", "preStop")
_HOST_ACTIONS: Final = ("httpGet", "tcpSocket")


def host_process(pod: Pod) -> Iterator[Violation]:
    for security in pod.all_security:
        windows = security.part("windowsOptions")
        if is_on(windows.get("hostProcess")):
            yield Violation(windows.path_of("hostProcess"), "a process of the host is forbidden")


def host_namespaces(pod: Pod) -> Iterator[Violation]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if is_on(pod.spec.get(field)):
            yield Violation(pod.spec.path_of(field), "the host's namespaces are forbidden")


def privileged(pod: Pod) -> Iterator[Violation]:
    for container in pod.containers:
        security = container.part("securityContext")
        if is_on(security.get("privileged")):
            yield Violation(security.path_of("privileged"), "a privileged container is forbidden")


def capabilities(pod: Pod) -> Iterator[Violation]:
    for container in pod.containers:
        found = container.part("securityContext").part("capabilities")
        for name in found.values("add"):
            if name not in _CAPABILITIES:
                message = f"the capability {shown(name)} is forbidden"
                yield Violation(found.path_of("add"), message)


def host_path(pod: Pod) -> Iterator[Violation]:
    for volume in pod.spec.parts("volumes"):
        if volume.has("hostPath"):
            yield Violation(volume.path_of("hostPath"), "a path of the host is forbidden")


def host_ports(pod: Pod) -> Iterator[Violation]:
    for container in pod.containers:
        for port in container.parts("ports"):
            if port.get("hostPort") not in (None, 0):
                yield Violation(port.path_of("hostPort"), "a port of the host is forbidden")


def host_probes(pod: Pod) -> Iterator[Violation]:
    for container in pod.containers:
        for probe in _actions(container):
            for kind in _HOST_ACTIONS:
                action = probe.part(kind)
                if action.get("host") not in (None, ""):
                    message = "a probe or a hook may ask the pod itself only: leave host out"
                    yield Violation(action.path_of("host"), message)


def app_armor(pod: Pod) -> Iterator[Violation]:
    for security in pod.all_security:
        profile = security.part("appArmorProfile")
        if security.has("appArmorProfile") and profile.get("type") not in _PROFILES:
            message = f"the AppArmor profile must be {_CHOICE}"
            yield Violation(profile.path_of("type"), message)
    for key, value in pod.metadata.part("annotations").fields.items():
        if key.startswith(_APP_ARMOR_ANNOTATION) and not _is_app_armor(value):
            path = f"{pod.metadata.path_of('annotations')}[{key[:120]}]"
            yield Violation(path, "the AppArmor profile must be runtime/default or localhost/…")


def se_linux(pod: Pod) -> Iterator[Violation]:
    for security in pod.all_security:
        options = security.part("seLinuxOptions")
        if options.get("type") not in _SELINUX_TYPES:
            message = f"the SELinux type {shown(options.get('type'))} is forbidden"
            yield Violation(options.path_of("type"), message)
        for field in ("user", "role"):
            if options.get(field) not in (None, ""):
                yield Violation(options.path_of(field), f"a SELinux {field} is forbidden")


def proc_mount(pod: Pod) -> Iterator[Violation]:
    for container in pod.containers:
        security = container.part("securityContext")
        if security.get("procMount") not in (None, "Default"):
            yield Violation(security.path_of("procMount"), "must be 'Default'")


def seccomp(pod: Pod) -> Iterator[Violation]:
    for security in pod.all_security:
        profile = security.part("seccompProfile")
        if security.has("seccompProfile") and profile.get("type") not in _PROFILES:
            yield Violation(profile.path_of("type"), f"the seccomp profile must be {_CHOICE}")


def sysctls(pod: Pod) -> Iterator[Violation]:
    for sysctl in pod.security.parts("sysctls"):
        if sysctl.get("name") not in _SYSCTLS:
            yield Violation(sysctl.path, f"the sysctl {shown(sysctl.get('name'))} is forbidden")


def is_on(value: Any) -> bool:
    """False for what the API server reads as false or absent."""
    return value is not None and value is not False


def _actions(container: Part) -> Iterator[Part]:
    for probe in _PROBES:
        yield container.part(probe)
    for hook in _HOOKS:
        yield container.part("lifecycle").part(hook)


def _is_app_armor(value: Any) -> bool:
    return value in ("", "runtime/default") or str(value).startswith("localhost/")
