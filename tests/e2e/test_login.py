"""The API shows its callers what they may see in the cluster."""

import json
from typing import Any

import pytest

from jvscheduler_server.aggregation.application import PREFIX
from tests.cluster.errors import CommandError
from tests.e2e.installation import NAMESPACE, SHOP, Installation
from tests.support.waiting import eventually

RECENT = "/api/scheduler/jobs/recent"
PORT = f"/api/v1/namespaces/{NAMESPACE}/services/jvscheduler-server:http/proxy"


def recent_as(installation: Installation, user: str) -> dict[str, Any]:
    """The recent jobs as this user sees them, who has logged in."""
    asked = ("get", "--raw", f"{PREFIX}{RECENT}", f"--as={user}", "--as-group=system:authenticated")
    answer: dict[str, Any] = json.loads(installation.cluster.kubectl(*asked))
    return answer


def test_the_role_view_of_a_namespace_shows_its_jobs(installation: Installation) -> None:
    eventually(lambda: installation.jobs("shop.tasks.collect_metrics"), "a job")
    kubectl = installation.cluster.kubectl
    kubectl("create", "rolebinding", "ada", "-n", SHOP, "--clusterrole=view", "--user=ada")
    seen = recent_as(installation, "ada")
    assert seen["filters"]["namespaces"] == [SHOP]
    assert {job["namespace"] for job in seen["jobs"]} == {SHOP}
    nothing = recent_as(installation, "eve")
    assert nothing["filters"]["namespaces"] == []
    assert (nothing["jobs"], nothing["total_found"]) == ([], 0)


def test_the_servers_own_port_asks_for_a_token(installation: Installation) -> None:
    kubectl = installation.cluster.kubectl
    # The API server's service proxy sends no Authorization.
    with pytest.raises(CommandError, match="logged in to the server"):
        kubectl("get", "--raw", f"{PORT}{RECENT}")
    assert json.loads(kubectl("get", "--raw", f"{PORT}/livez")) == {"status": "ok"}
