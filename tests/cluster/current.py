"""Any cluster that a kubeconfig reaches, for `--cluster current`."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.errors import ClusterError
from tests.cluster.kubectl import Kubectl
from tests.cluster.settings import Settings


@dataclass(frozen=True)
class CurrentCluster(Kubectl):
    def load(self, image: str) -> None:
        """Nodes of a foreign cluster pull for themselves; refuse an image that has no registry."""
        if image.startswith("localhost/"):
            raise ClusterError(
                f"{image} cannot be pulled by this cluster: push it to a registry and name "
                "that with --image-prefix"
            )


def find_current(settings: Settings, binaries: Binaries) -> CurrentCluster:
    names = settings.kubeconfig or str(Path.home() / ".kube/config")
    path = Path(names.split(os.pathsep)[0])
    if not path.is_file():
        raise ClusterError(f"--cluster current: no kubeconfig at {path}; set KUBECONFIG")
    found = CurrentCluster(path, binaries)
    found.kubectl("get", "--raw", "/readyz")
    return found
