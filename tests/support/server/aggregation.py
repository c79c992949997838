"""What the chart makes for the API behind the API server, led to this machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from jvscheduler_server.aggregation.application import GROUP, VERSION
from jvscheduler_server.credentials.certificates import Pair, sign
from tests.cluster.binaries import find_binaries
from tests.cluster.settings import read_settings
from tests.support.chart import rendered

OWN = "aggregation-server"
"""The namespace of the server's account."""

SERVICE = f"apiservice/{VERSION}.{GROUP}"
RBAC = "rbac.authorization.k8s.io"
REGISTRATION = "jvscheduler-server-registration"
ACCOUNT = {"kind": "ServiceAccount", "name": "server", "namespace": OWN}
FRONT_PROXY_READER = "extension-apiserver-authentication-reader"


def registration(port: int) -> str:
    everybody = {"apiGroup": RBAC, "kind": "Group", "name": "system:authenticated"}
    reading = [{"apiGroups": [GROUP], "resources": ["*"], "verbs": ["get"]}]
    return yaml.safe_dump_all(
        [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "aggregated", "namespace": OWN},
                "spec": {"type": "ExternalName", "externalName": "localhost"},
            },
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": f"{VERSION}.{GROUP}"},
                "spec": {
                    "group": GROUP,
                    "version": VERSION,
                    "groupPriorityMinimum": 100,
                    "versionPriority": 10,
                    "service": {"namespace": OWN, "name": "aggregated", "port": port},
                },
            },
            *role("jvscheduler-api", reading, everybody),
            *role(REGISTRATION, chart_rules(), ACCOUNT),
            {
                "apiVersion": f"{RBAC}/v1",
                "kind": "RoleBinding",
                "metadata": {"name": OWN, "namespace": "kube-system"},
                "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": FRONT_PROXY_READER},
                "subjects": [ACCOUNT],
            },
        ]
    )


def role(name: str, rules: list[dict[str, Any]], subject: dict[str, str]) -> list[dict[str, Any]]:
    """A ClusterRole and its binding."""
    metadata = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": name}}
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    return [
        {**metadata, "kind": "ClusterRole", "rules": rules},
        {**metadata, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]},
    ]


def chart_rules() -> list[dict[str, Any]]:
    """What the chart lets the server do with its APIService."""
    helm = find_binaries(read_settings()).helm
    rules: list[dict[str, Any]] = rendered(helm)[f"ClusterRole/{REGISTRATION}"]["rules"]
    return rules


def write_certificate(folder: Path, authority: Pair) -> None:
    """As the chart's Job writes it, for the name by which the API server calls."""
    pair = sign(authority, [f"aggregated.{OWN}.svc"], datetime.now(UTC))
    folder.mkdir(exist_ok=True)
    (folder / "tls.key").write_text(pair.key)
    (folder / "tls.crt").write_text(pair.certificate)
    (folder / "ca.crt").write_text(authority.certificate)
