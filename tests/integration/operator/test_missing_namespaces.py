"""A watched namespace that does not exist holds up no other one, and is served once it is there."""

from pathlib import Path

import pytest
import yaml

from tests.cluster.api_server import ApiServer
from tests.support.operator.process import Operator, run_operator, token_kubeconfig
from tests.support.operator.shop import Shop, open_shop
from tests.support.server.process import ServerProcess, a_server
from tests.support.waiting import eventually

CHART = Path(__file__).parents[3] / "charts" / "jvscheduler"
RELEASE = "half-watching"
THERE, GONE = "half-there", "half-gone"
STATUS = "/api/scheduler/status"


@pytest.fixture
def rights(api_server: ApiServer) -> list[dict[str, object]]:
    """The rights that the chart gives, as far as the API server took them; the rest is returned."""
    open_shop(api_server, THERE)
    api_server.kubectl("create", "namespace", RELEASE)
    shown = [
        f"--show-only=templates/{part}/{name}.yaml"
        for part in ("operator", "server")
        for name in ("rbac", "serviceaccount")
    ]
    shown.append("--show-only=templates/loop/rbac.yaml")
    chosen = f"--set=watchNamespaces={{{THERE},{GONE}}}"
    text = api_server.helm("template", "jvscheduler", str(CHART), "-n", RELEASE, chosen, *shown)
    objects = [o for o in yaml.safe_load_all(text) if o]
    later = [o for o in objects if o["metadata"].get("namespace") == GONE]
    assert later
    apply(api_server, [o for o in objects if o not in later])
    return later


def apply(server: ApiServer, objects: list[dict[str, object]]) -> None:
    server.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects))


def missing(server: ServerProcess) -> list[str]:
    found: list[str] = server.ask(STATUS).json()["scheduler"]["missing_namespaces"]
    return found


def named(log: Path, text: str) -> int:
    return log.read_text().count(f"the namespace {GONE} {text}")


def test_a_namespace_that_is_gone_is_set_aside_until_it_is_back(
    api_server: ApiServer,
    rights: list[dict[str, object]],
    postgres_url: str,
    tmp_path: Path,
) -> None:
    there, watched = Shop(api_server, THERE), (THERE, GONE)
    operators = token_kubeconfig(api_server, tmp_path, "jvscheduler-operator", RELEASE)
    servers = token_kubeconfig(api_server, tmp_path, "jvscheduler-server", RELEASE)
    with (
        run_operator(operators, tmp_path, namespaces=watched) as operator,
        a_server(servers, postgres_url, tmp_path, namespaces=",".join(watched)) as server,
    ):
        there.apply_task("nightly")
        there.wait_until_ready("nightly")
        eventually(lambda: "shop.tasks.nightly" in server.ask(STATUS).text, "its task is shown")
        assert missing(server) == [GONE]
        for log in (operator.log, server.log):
            assert named(log, "does not exist") == 1, log.read_text()
            assert f"/namespaces/{GONE}/" not in log.read_text()
        come_back(api_server, rights, server, operator)


def come_back(
    api_server: ApiServer,
    rights: list[dict[str, object]],
    server: ServerProcess,
    operator: Operator,
) -> None:
    back = open_shop(api_server, GONE)
    apply(api_server, rights)
    back.apply_task("again")
    back.wait_until_ready("again")
    eventually(lambda: "shop.tasks.again" in server.ask(STATUS).text, "its task is shown", 60)
    assert missing(server) == []
    eventually(lambda: named(operator.log, "is there again") == 1, "the operator says so", 60)
    assert named(server.log, "is there again") == 1
