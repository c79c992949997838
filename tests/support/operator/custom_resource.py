"""The ScheduledTask's definition on the API server that a session's tests share."""

from pathlib import Path

from tests.cluster.kubectl import Kubectl

CRD = Path(__file__).parents[3] / "crds" / "scheduledtasks.yaml"


def install_crd(server: Kubectl) -> None:
    server.kubectl("apply", "-f", str(CRD))
    server.kubectl("wait", "--for=condition=Established", "-f", str(CRD), "--timeout=60s")
