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
    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.binaries.folder}:{self.settings.environment.get('PATH', '')}"
        variables = {"KUBECONFIG": str(self.kubeconfig), "PATH": path}
        return {**self.settings.environment, **variables}


def find_current(settings: Settings, binaries: Binaries) -> CurrentCluster:
    names = settings.kubeconfig or str(Path.home() / ".kube/config")
    path = Path(names.split(os.pathsep)[0])
    if not path.is_file():
        raise ClusterError(f"--cluster current: no kubeconfig at {path}; set KUBECONFIG")
    found = CurrentCluster(path, binaries, settings)
    found.kubectl("get", "--raw", "/readyz")
    return found
