"""Installs the CRD of ScheduledTasks on the API server of a test session."""

from pathlib import Path

from tests.cluster.kubectl import Kubectl

CRD = Path(__file__).parents[3] / "crds" / "scheduledtasks.yaml"


def install_crd(server: Kubectl) -> None:
    server.kubectl("apply", "-f", str(CRD))
    server.kubectl("wait", "--for=condition=Established", "-f", str(CRD), "--timeout=60s")
