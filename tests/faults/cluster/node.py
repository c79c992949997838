"""A node of a kind cluster, from outside: what Kubernetes itself runs on, and cannot stop."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from tests.cluster.commands import run, succeeds
from tests.cluster.image_names import full_reference
from tests.cluster.plugin import RunningCluster
from tests.support.waiting import eventually

_MANIFEST: Final = "/etc/kubernetes/manifests/kube-apiserver.yaml"
_ASIDE: Final = "/etc/kubernetes/kube-apiserver.yaml"
_CTR: Final = ("ctr", "--namespace", "k8s.io")
_READY: Final = ("get", "--raw", "/readyz", "--request-timeout=2s")


@dataclass(frozen=True)
class Node:
    """`name` is its container's, too."""

    cluster: RunningCluster
    name: str

    def run(self, *command: str) -> str:
        return run("docker", "exec", self.name, *command, env=self.cluster.environment)

    @property
    def is_container(self) -> bool:
        return succeeds("docker", "inspect", self.name, env=self.cluster.environment)

    def stop_kubelet(self) -> None:
        self.run("systemctl", "stop", "kubelet")

    def start_kubelet(self) -> None:
        self.run("systemctl", "start", "kubelet")
        self.until_kubelet_answers()

    def restart_containerd(self) -> None:
        self.run("systemctl", "restart", "containerd")
        self.until_kubelet_answers()

    def until_kubelet_answers(self) -> None:
        asked = ("get", "--raw", f"/api/v1/nodes/{self.name}/proxy/healthz")
        self._eventually(lambda: self.cluster.answers(*asked), "the kubelet answers")

    def stop_api_server(self) -> None:
        """The kubelet ends the pod when its manifest is gone."""
        self.run("mv", _MANIFEST, _ASIDE)
        self._eventually(lambda: not self.cluster.answers(*_READY), "the API server is away")

    def start_api_server(self) -> None:
        self.run("mv", _ASIDE, _MANIFEST)
        self._eventually(lambda: self.cluster.answers(*_READY), "the API server is ready")

    def saturate(self, seconds: float) -> None:
        """Twice as many busy processes as it has processors, for so long."""
        busy = "for _ in $(seq $((2 * $(nproc)))); do while :; do :; done & done; wait"
        self.run("sh", "-c", f"timeout {seconds:.0f} sh -c '{busy}' || test $? -eq 124")

    def kills(self, container: str) -> bool:
        """False when it has just ended by itself. `container` is its id, as in a pod's status."""
        command = self._signalling(container, "SIGKILL")
        return succeeds("docker", "exec", self.name, *command, env=self.cluster.environment)

    @contextmanager
    def frozen(self, container: str) -> Iterator[None]:
        """All its processes."""
        self.run(*self._signalling(container, "SIGSTOP", "--all"))
        try:
            yield
        finally:
            self.run(*self._signalling(container, "SIGCONT", "--all"))

    def tag(self, image: str, other: str) -> None:
        names = (full_reference(image), full_reference(other))
        self.run(*_CTR, "images", "tag", "--force", *names)

    def _signalling(self, container: str, name: str, *options: str) -> tuple[str, ...]:
        task = container.rpartition("/")[2]
        return (*_CTR, "tasks", "kill", *options, "--signal", name, task)

    def _eventually(self, probe: Callable[[], bool], what: str) -> None:
        eventually(probe, f"{what} on {self.name}", timeout=180)
