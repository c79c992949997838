"""Templates of pods, and which level of the policy forbids each.

The levels are those of Kubernetes' own Pod Security Standards. The unit tests hold our rules to
this table, and the integration tests hold the table to a real API server.
"""

from typing import Final

from tests.support.operator.template_forms import (
    Template,
    adds,
    helper,
    probe,
    secured,
    sysctl,
    task,
    volume,
    whole,
)

B, R = "baseline", "restricted"
CONTEXT = "containers[task].securityContext"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/task"

STANDARD: Final = [
    Template("empty", {}),
    Template("requests", task(resources={"requests": {"cpu": "100m"}})),
    Template("env", task(env=[{"name": "REGION", "value": "north"}])),
    Template("init container", helper(command=["true"])),
    Template("sidecar", helper(restartPolicy="Always")),
    Template("node selector", {"nodeSelector": {"disk": "ssd"}}),
    Template("toleration", {"tolerations": [{"operator": "Exists"}]}),
    Template("shared processes", {"shareProcessNamespace": True}),
    Template("host network", {"hostNetwork": True}, "spec.hostNetwork: the host's", B),
    Template("host pid", {"hostPID": True}, "spec.hostPID: the host's", B),
    Template("host ipc", {"hostIPC": True}, "spec.hostIPC: the host's", B),
    Template("no host network", {"hostNetwork": False, "hostPID": False, "hostIPC": False}),
    Template(
        "privileged",
        secured(privileged=True, allowPrivilegeEscalation=True),
        f"{CONTEXT}.privileged",
        B,
    ),
    Template(
        "privileged helper",
        helper(securityContext={"privileged": True, "allowPrivilegeEscalation": True}),
        "initContainers[helper].securityContext.privileged",
        B,
    ),
    Template("not privileged", secured(privileged=False)),
    Template("adds NET_RAW", adds("NET_RAW"), f"{CONTEXT}.capabilities.add", B),
    Template("adds SYS_ADMIN", adds("CHOWN", "SYS_ADMIN"), f"{CONTEXT}.capabilities.add", B),
    Template("adds ALL", adds("ALL"), f"{CONTEXT}.capabilities.add", B),
    Template("adds CHOWN", adds("CHOWN"), f"{CONTEXT}.capabilities.add", R),
    Template("adds NET_BIND_SERVICE", adds("NET_BIND_SERVICE")),
    Template(
        "drops little",
        secured(capabilities={"drop": ["KILL"]}),
        f"{CONTEXT}.capabilities.drop",
        R,
    ),
    Template("drops all and more", secured(capabilities={"drop": ["KILL", "ALL"]})),
    Template(
        "helper that drops nothing",
        helper(securityContext={"capabilities": {"drop": []}}),
        "initContainers[helper].securityContext.capabilities.drop",
        R,
    ),
    Template("host path", volume(hostPath={"path": "/etc"}), "volumes[data].hostPath", B),
    Template("empty dir", volume(emptyDir={"medium": "Memory"})),
    Template("config map", volume(configMap={"name": "settings"})),
    Template("secret", volume(secret={"secretName": "key"})),
    Template("claim", volume(persistentVolumeClaim={"claimName": "store"})),
    Template("csi", volume(csi={"driver": "secrets.test"})),
    Template(
        "downward",
        volume(downwardAPI={"items": [{"path": "n", "fieldRef": {"fieldPath": "metadata.name"}}]}),
    ),
    Template("projected", volume(projected={"sources": [{"secret": {"name": "key"}}]})),
    Template(
        "ephemeral",
        volume(
            ephemeral={
                "volumeClaimTemplate": {
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": "1Gi"}},
                    }
                }
            }
        ),
    ),
    Template("image volume", volume(image={"reference": "data:1"})),
    Template("nfs", volume(nfs={"server": "nfs.test", "path": "/"}), "volumes[data]: a volume", R),
    Template(
        "iscsi",
        volume(
            iscsi={"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:x", "lun": 0}
        ),
        "volumes[data]: a volume",
        R,
    ),
    Template("cephfs", volume(cephfs={"monitors": ["m:1"]}), "volumes[data]: a volume", R),
    Template(
        "azure file",
        volume(azureFile={"secretName": "a", "shareName": "b"}),
        "volumes[data]: a volume",
        R,
    ),
    Template(
        "host port",
        task(ports=[{"containerPort": 80, "hostPort": 80}]),
        "ports[0].hostPort",
        B,
    ),
    Template(
        "host port of a helper",
        helper(ports=[{"name": "web", "containerPort": 80, "hostPort": 8080}]),
        "initContainers[helper].ports[web].hostPort",
        B,
    ),
    Template("port", task(ports=[{"containerPort": 80}])),
    Template(
        "liveness of another host",
        probe("livenessProbe", {"httpGet": {"port": 80, "host": "10.0.0.1"}}),
        "livenessProbe.httpGet.host",
        B,
    ),
    Template(
        "readiness of another host",
        probe("readinessProbe", {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}),
        "readinessProbe.tcpSocket.host",
        B,
    ),
    Template(
        "startup of another host",
        probe("startupProbe", {"httpGet": {"port": 80, "host": "metadata.test"}}),
        "startupProbe.httpGet.host",
        B,
    ),
    Template(
        "hook of another host",
        task(lifecycle={"preStop": {"httpGet": {"port": 80, "host": "10.0.0.1"}}}),
        "lifecycle.preStop.httpGet.host",
        B,
    ),
    Template(
        "start hook of another host",
        task(lifecycle={"postStart": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}}),
        "lifecycle.postStart.tcpSocket.host",
        B,
    ),
    Template("probe", probe("livenessProbe", {"httpGet": {"port": 80}})),
    Template(
        "AppArmor off",
        secured(appArmorProfile={"type": "Unconfined"}),
        f"{CONTEXT}.appArmorProfile.type",
        B,
    ),
    Template(
        "AppArmor off for the pod",
        whole(appArmorProfile={"type": "Unconfined"}),
        "spec.securityContext.appArmorProfile.type",
        B,
    ),
    Template("AppArmor", whole(appArmorProfile={"type": "RuntimeDefault"})),
    Template(
        "AppArmor of the node",
        secured(appArmorProfile={"type": "Localhost", "localhostProfile": "own"}),
    ),
    Template(
        "AppArmor off by annotation",
        {},
        f"annotations[{APP_ARMOR}]",
        B,
        annotations={APP_ARMOR: "unconfined"},
    ),
    Template("AppArmor by annotation", {}, annotations={APP_ARMOR: "runtime/default"}),
    Template(
        "SELinux type", whole(seLinuxOptions={"type": "spc_t"}), "seLinuxOptions.type: the", B
    ),
    Template("SELinux user", secured(seLinuxOptions={"user": "root"}), "seLinuxOptions.user: a", B),
    Template(
        "SELinux role", secured(seLinuxOptions={"role": "sysadm_r"}), "seLinuxOptions.role: a", B
    ),
    Template("SELinux", whole(seLinuxOptions={"type": "container_init_t", "level": "s0:c1,c2"})),
    Template("proc mount", secured(procMount="Default")),
    Template(
        "seccomp off",
        secured(seccompProfile={"type": "Unconfined"}),
        f"{CONTEXT}.seccompProfile.type",
        B,
    ),
    Template(
        "seccomp off for the pod",
        whole(seccompProfile={"type": "Unconfined"}),
        "spec.securityContext.seccompProfile.type",
        B,
    ),
    Template(
        "seccomp of the node",
        secured(seccompProfile={"type": "Localhost", "localhostProfile": "own.json"}),
    ),
    Template("unsafe sysctl", sysctl("kernel.msgmax"), "sysctls[kernel.msgmax]", B),
    Template("safe sysctl", sysctl("net.ipv4.tcp_syncookies")),
    Template("later sysctl", sysctl("net.ipv4.tcp_keepalive_time")),
    Template(
        "escalation",
        secured(allowPrivilegeEscalation=True),
        f"{CONTEXT}.allowPrivilegeEscalation: must be false",
        R,
    ),
    Template(
        "escalation of a helper",
        helper(securityContext={"allowPrivilegeEscalation": True}),
        "initContainers[helper].securityContext.allowPrivilegeEscalation",
        R,
    ),
    Template("root", secured(runAsNonRoot=False), f"{CONTEXT}.runAsNonRoot: must be true", R),
    Template("root pod", whole(runAsNonRoot=False), "spec.securityContext.runAsNonRoot: must", R),
    Template(
        "root helper",
        helper(securityContext={"runAsNonRoot": False}),
        "initContainers[helper].securityContext.runAsNonRoot",
        R,
    ),
    Template("user 0", secured(runAsUser=0), f"{CONTEXT}.runAsUser: must not be 0", R),
    Template("user 0 of the pod", whole(runAsUser=0), "spec.securityContext.runAsUser", R),
    Template("a user", whole(runAsUser=1000, runAsGroup=0, fsGroup=1000)),
    Template("read-write root", secured(readOnlyRootFilesystem=False)),
    Template(
        "host process",
        whole(windowsOptions={"hostProcess": True}) | {"hostNetwork": True},
        "spec.securityContext.windowsOptions.hostProcess",
        B,
    ),
]
"""Those that Kubernetes' own standards have a word about."""

OURS_ALONE: Final = [
    Template("node", {"nodeName": "n1"}, "spec.nodeName: a node", B, kubernetes="nobody"),
    Template(
        "system priority",
        {"priorityClassName": "system-node-critical"},
        "spec.priorityClassName: the priority class 'system-node-critical'",
        B,
        kubernetes="nobody",
    ),
    Template(
        "token",
        {"automountServiceAccountToken": True},
        "spec.automountServiceAccountToken: must be false",
        B,
        kubernetes="nobody",
    ),
    Template(
        "projected token",
        volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
        "volumes[data].projected.sources[0].serviceAccountToken",
        B,
        kubernetes="nobody",
    ),
    Template(
        "account",
        {"serviceAccountName": "builder"},
        "spec.serviceAccountName: the service account 'builder' is not in",
        B,
        kubernetes="nobody",
    ),
    Template(
        "account by its old name",
        {"serviceAccount": "builder"},
        "spec.serviceAccount: the service account 'builder' is not in",
        B,
        kubernetes="nobody",
    ),
    Template(
        "root in a user namespace",
        {"hostUsers": False, **whole(runAsUser=0)},
        "spec.securityContext.runAsUser",
        R,
        kubernetes="nobody",
    ),
    Template(
        "proc mount in a user namespace",
        {"hostUsers": False, **secured(procMount="Unmasked")},
        f"{CONTEXT}.procMount",
        B,
        kubernetes=R,
    ),
]
"""Those that are forbidden here, and not by Kubernetes' own standard of that level."""

ALL: Final = [*STANDARD, *OURS_ALONE]
