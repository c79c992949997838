"""Two tenants of one cluster with their jobs, and callers with real tokens and real RBAC."""

import base64
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import yaml

from jvscheduler.history.store.database import open_store
from jvscheduler.names import scheduled_job_id
from tests.cluster.api_server import ApiServer
from tests.support.history.outcomes import NOON, begun, failed
from tests.support.operator.objects import task

TENANTS = ("tenant-red", "tenant-blue")
PAST = "tenant-past"
"""A tenant whose last task is gone."""

CALLERS = "callers"
"""The namespace of their ServiceAccounts."""

RBAC = "rbac.authorization.k8s.io"
LIST = {"apiGroups": ["jvscheduler.dev"], "resources": ["scheduledtasks"], "verbs": ["list"]}
GET = {**LIST, "verbs": ["get", "watch", "update"]}
LOGS = {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}
PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}


def marks(namespace: str) -> dict[str, str]:
    """Words that only this tenant's jobs have, by the right that one needs to read them."""
    return {right: f"{right}-of-{namespace}" for right in ("result", "traceback", "log")}


def job_id(namespace: str) -> str:
    return scheduled_job_id(namespace, f"{namespace}.report", NOON)


async def write_jobs(url: str, namespaces: Iterable[str] = TENANTS) -> None:
    """A failed job in each namespace, a moment ago."""
    store = open_store(url)
    await store.open()
    start = datetime.now(UTC) - timedelta(minutes=5)
    try:
        for namespace in namespaces:
            words = marks(namespace)
            outcome = begun(
                job_id=job_id(namespace),
                task_id=f"{namespace}.report",
                namespace=namespace,
                start_time=start,
                log_tail=words["log"],
            )
            ended = failed(outcome, error_message=words["result"], traceback=words["traceback"])
            await store.record(ended)
    finally:
        await store.close()


@dataclass(frozen=True)
class Account:
    """A ServiceAccount. `rules` are its rights by namespace; "" is the whole cluster."""

    name: str
    rules: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    cluster_role: str | None = None

    def manifests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [_object("v1", "ServiceAccount", self.name, CALLERS)]
        for namespace, rules in self.rules.items():
            kind = "Role" if namespace else "ClusterRole"
            role = _object(f"{RBAC}/v1", kind, f"caller-{self.name}", namespace)
            found += [
                {**role, "rules": rules},
                self._binding(kind, f"caller-{self.name}", namespace),
            ]
        if self.cluster_role:
            found.append(self._binding("ClusterRole", self.cluster_role, ""))
        return found

    def _binding(self, kind: str, role: str, namespace: str) -> dict[str, Any]:
        name = f"caller-{self.name}"
        binding = "RoleBinding" if namespace else "ClusterRoleBinding"
        return {
            **_object(f"{RBAC}/v1", binding, name, namespace),
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": self.name, "namespace": CALLERS}],
        }


def _object(version: str, kind: str, name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


RED, BLUE = TENANTS
ACCOUNTS = (
    Account("nobody"),
    Account("red-dev", {RED: [LIST, LOGS]}),
    Account("blue-dev", {BLUE: [LIST, LOGS]}),
    Account("red-viewer", {RED: [LIST]}),
    Account("red-logs-only", {RED: [LOGS, PODS]}),
    Account("red-not-list", {RED: [GET, LOGS]}),
    Account("both-viewer", {RED: [LIST], BLUE: [LIST, LOGS]}),
    Account("past-dev", {PAST: [LIST, LOGS]}),
    Account("past-viewer", {PAST: [LIST], RED: [LIST]}),
    Account("auditor", {"": [LIST]}),
    Account("admin", cluster_role="cluster-admin"),
    Account("gone", {RED: [LIST, LOGS]}),
)


def apply(api_server: ApiServer) -> None:
    """Create the tenants with a task each, and the accounts with their rights."""
    namespaces = [_object("v1", "Namespace", name, "") for name in (*TENANTS, PAST, CALLERS)]
    tasks = [task("report", name, taskID=f"{name}.report") for name in TENANTS]
    accounts = [manifest for account in ACCOUNTS for manifest in account.manifests()]
    manifests = yaml.safe_dump_all([*namespaces, *tasks, *accounts])
    api_server.kubectl("apply", "-f", "-", stdin=manifests)


def token_of(api_server: ApiServer, account: str, *options: str) -> str:
    return api_server.kubectl("-n", CALLERS, "create", "token", account, *options).strip()


def is_known(api_server: ApiServer, token: str) -> bool:
    """True when the API server says whose token it is."""
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token},
    }
    answer = api_server.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review))
    return bool(json.loads(answer)["status"].get("authenticated"))


def forged(api_server: ApiServer, token: str, **claims: Any) -> str:
    """The token with other claims, signed by the API server's own key."""
    header = jwt.get_unverified_header(token)
    payload = jwt.decode(token, options={"verify_signature": False}) | claims
    key = (Path(api_server.folder) / "service-accounts.key").read_bytes()
    headers = {name: value for name, value in header.items() if name == "kid"}
    return jwt.encode(payload, key, algorithm="ES256", headers=headers)


def expired(api_server: ApiServer, token: str) -> str:
    now = int(time.time())
    return forged(api_server, token, iat=now - 7200, nbf=now - 7200, exp=now - 3600)


def unsigned(token: str) -> str:
    _, payload, _ = token.split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{header.decode().rstrip('=')}.{payload}."


def renamed(token: str, account: str) -> str:
    """The token with another account's name in it, and the old signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["sub"] = f"system:serviceaccount:{CALLERS}:{account}"
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{header}.{changed}.{signature}"
