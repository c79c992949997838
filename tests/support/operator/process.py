"""The operator as a real process, with only the rights that its documentation states."""

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from jvscheduler import environment, names
from jvscheduler_operator.settings import (
    ALLOWED_SERVICE_ACCOUNTS,
    LIVENESS_ENDPOINT,
    WATCH_NAMESPACES,
)
from tests.cluster.api_server import ApiServer, free_ports
from tests.cluster.commands import start, stop, wait_until

DOCS = Path(__file__).parents[3] / "docs/operations/permissions.md"
ACCOUNT = "jvscheduler-operator"
DATABASE_URL = "postgresql://history.test/jobs"


@dataclass(frozen=True)
class Operator:
    process: subprocess.Popen[bytes]
    log: Path
    endpoint: str

    @property
    def is_alive(self) -> bool:
        try:
            with urllib.request.urlopen(self.endpoint, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, TimeoutError):
            return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def end(self) -> int:
        """Send SIGTERM and wait. Returns the exit code."""
        stop(self.process, seconds=30)
        return self.process.returncode


@contextmanager
def run_operator(
    kubeconfig: Path,
    folder: Path,
    *,
    is_served: bool = True,
    variables: Mapping[str, str] = MappingProxyType({environment.DATABASE_URL: DATABASE_URL}),
    namespaces: Sequence[str] = (),
) -> Iterator[Operator]:
    """Start an operator and wait until it is alive. Without a custom resource, do not wait."""
    (port,) = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}/healthz"
    environ = {
        "KUBECONFIG": str(kubeconfig),
        LIVENESS_ENDPOINT: endpoint,
        ALLOWED_SERVICE_ACCOUNTS: "baker",
        WATCH_NAMESPACES: ",".join(namespaces),
        **variables,
    }
    log = folder / f"operator-{port}.log"
    arguments = [f"{name}={value}" for name, value in environ.items()]
    process = start(["env", *arguments, sys.executable, "-m", "jvscheduler_operator"], log)
    operator = Operator(process, log, endpoint)
    try:
        if is_served:
            wait_until(lambda: operator.is_alive, "the operator is alive", log=log)
        yield operator
    finally:
        stop(process, seconds=30)


def documented_rules() -> dict[str, list[dict[str, Any]]]:
    """The rules in the documentation, by ClusterRole."""
    _, _, rest = DOCS.read_text().partition("\n## The operator and its loops\n")
    section = rest.partition("\n## ")[0]
    blocks = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return dict(zip((ACCOUNT, names.LOOP_ROLE), map(yaml.safe_load, blocks), strict=True))


def write_kubeconfig(server: ApiServer, folder: Path) -> Path:
    """Write the kubeconfig of a service account with the documented rights."""
    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(_account()))
    return token_kubeconfig(server, folder, ACCOUNT, "default")


def token_kubeconfig(server: ApiServer, folder: Path, account: str, namespace: str) -> Path:
    """Write the kubeconfig of a service account that exists."""
    words = ("create", "token", account, "-n", namespace, "--duration=2h")
    token = server.kubectl(*words).strip()
    config = yaml.safe_load(server.kubeconfig.read_text())
    config["users"] = [
        {"name": entry["name"], "user": {"token": token}} for entry in config["users"]
    ]
    path = folder / f"{account}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path


def _account() -> list[dict[str, Any]]:
    rbac = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": ACCOUNT, "namespace": "default"},
        },
        *(
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "ClusterRole",
                "metadata": {"name": name},
                "rules": rules,
            }
            for name, rules in documented_rules().items()
        ),
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": ACCOUNT},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": ACCOUNT},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": "default"}],
        },
    ]
