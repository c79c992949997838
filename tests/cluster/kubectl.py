"""A cluster as the tests see it: kubectl, helm and a forwarded port on one kubeconfig."""

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.commands import read_tail, run, start, stop, wait_until


@dataclass(frozen=True)
class Kubectl:
    kubeconfig: Path
    binaries: Binaries

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Standard output; a failure is raised with what kubectl said."""
        return run(self.binaries.kubectl, "--kubeconfig", self.kubeconfig, *arguments, stdin=stdin)

    def answers(self, *arguments: str) -> bool:
        words = [self.binaries.kubectl, "--kubeconfig", self.kubeconfig, *arguments]
        return subprocess.run(words, capture_output=True).returncode == 0

    def helm(self, *arguments: str) -> str:
        return run(self.binaries.helm, "--kubeconfig", self.kubeconfig, *arguments)

    @contextmanager
    def port_forward(self, namespace: str, target: str, port: int) -> Iterator[str]:
        """A base URL for `port` of `target` (as `svc/name`), while the context lasts."""
        words = ["--kubeconfig", self.kubeconfig, "--namespace", namespace]
        with tempfile.TemporaryDirectory(prefix="jvscheduler-forward-") as folder:
            log = Path(folder) / "log"
            command = [self.binaries.kubectl, *words, "port-forward", target, f":{port}"]
            forward = start(command, log)
            try:
                what = f"port {port} of {target} in {namespace} is forwarded"
                ended = lambda: forward.poll() is not None  # noqa: E731
                wait_until(lambda: ended() or forwarded_port(log) is not None, what, log=log)
                local = forwarded_port(log)
                if local is None:
                    raise ConnectionError(f"{what}: no; {read_tail(log)}")
                yield f"http://127.0.0.1:{local}"
            finally:
                stop(forward)


def forwarded_port(log: Path) -> int | None:
    found = re.search(r"Forwarding from 127\.0\.0\.1:(\d+)", log.read_text())
    return int(found[1]) if found else None
