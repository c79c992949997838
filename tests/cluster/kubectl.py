"""A cluster as the tests see it: kubectl, helm and a forwarded port on one kubeconfig."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.commands import finish, read_tail, run, start, stop, succeeds, wait_until
from tests.cluster.errors import ClusterError


@dataclass(frozen=True)
class Kubectl:
    kubeconfig: Path
    binaries: Binaries

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Standard output; a failure is raised with what kubectl said."""
        return run(self.binaries.kubectl, "--kubeconfig", self.kubeconfig, *arguments, stdin=stdin)

    def warnings(self, *arguments: str) -> list[str]:
        """What the API server warned of in answer to a command that it accepted."""
        done = finish(self.binaries.kubectl, "--kubeconfig", self.kubeconfig, *arguments)
        return [line for line in done.stderr.splitlines() if line.startswith("Warning:")]

    def answers(self, *arguments: str) -> bool:
        return succeeds(self.binaries.kubectl, "--kubeconfig", self.kubeconfig, *arguments)

    def helm(self, *arguments: str) -> str:
        return run(self.binaries.helm, "--kubeconfig", self.kubeconfig, *arguments)

    @contextmanager
    def port_forward(self, namespace: str, target: str, port: int) -> Iterator[str]:
        """A base URL for `port` of `target` (as `svc/name`), while the context lasts."""
        words = ("--kubeconfig", self.kubeconfig, "--namespace", namespace, "port-forward")
        with tempfile.TemporaryDirectory(prefix="jvscheduler-forward-") as folder:
            log = Path(folder) / "log"
            forward = start([self.binaries.kubectl, *words, target, f":{port}"], log)
            try:
                yield f"http://127.0.0.1:{wait_for_port(forward, log)}"
            finally:
                stop(forward)


def wait_for_port(forward: subprocess.Popen[bytes], log: Path) -> int:
    def settled() -> bool:
        return forwarded_port(log) is not None or forward.poll() is not None

    wait_until(settled, "kubectl port-forward listens", log=log)
    port = forwarded_port(log)
    if port is None:
        raise ClusterError(f"kubectl port-forward ended: {read_tail(log)}")
    return port


def forwarded_port(log: Path) -> int | None:
    found = re.search(r"Forwarding from 127\.0\.0\.1:(\d+)", log.read_text())
    return int(found[1]) if found else None
