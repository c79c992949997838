"""With `watchNamespaces`, operator, server and loops work with rights in these namespaces only."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.support.operator.process import Operator, run_operator, token_kubeconfig
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.server.process import a_server
from tests.support.waiting import eventually

CHART = Path(__file__).parents[3] / "charts" / "jvscheduler"
RELEASE = "watching"
WATCHED = ("watched-one", "watched-two")
PARTS = ("operator", "server")


@dataclass(frozen=True)
class Place:
    """Two namespaces that are watched, one that is not, and the rights that the chart gives."""

    server: ApiServer
    watched: tuple[Shop, Shop]
    outside: Shop

    def may(self, account: str, verb: str, resource: str, namespace: str) -> bool:
        words = ("auth", "can-i", verb, resource, "-n", namespace)
        return self.server.answers(*words, f"--as=system:serviceaccount:{account}")


@pytest.fixture(scope="module")
def place(api_server: ApiServer) -> Place:
    one, two, outside = (open_shop(api_server, name) for name in (*WATCHED, "not-watched"))
    api_server.kubectl("create", "namespace", RELEASE)
    parts = [f"--show-only=templates/{part}/rbac.yaml" for part in (*PARTS, "loop")]
    accounts = [f"--show-only=templates/{part}/serviceaccount.yaml" for part in PARTS]
    chosen = f"--set=auth.mode=kubernetes,watchNamespaces={{{','.join(WATCHED)}}}"
    rendered = api_server.helm(
        "template", "jvscheduler", str(CHART), "-n", RELEASE, chosen, *parts, *accounts
    )
    bindings = [o for o in yaml.safe_load_all(rendered) if o and o["kind"] == "ClusterRoleBinding"]
    assert sorted(b["metadata"]["name"] for b in bindings) == [
        "jvscheduler-operator-namespaces",
        "jvscheduler-server-namespaces",
        "jvscheduler-server-reviews",
    ]
    api_server.kubectl("apply", "-f", "-", stdin=rendered)
    return Place(api_server, (one, two), outside)


@pytest.fixture(scope="module")
def operator(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    kubeconfig = token_kubeconfig(place.server, folder, "jvscheduler-operator", RELEASE)
    with run_operator(kubeconfig, folder, namespaces=WATCHED) as running:
        yield running


def test_tasks_of_the_watched_namespaces_run_and_others_do_not(
    place: Place, operator: Operator
) -> None:
    place.outside.apply_task("elsewhere")
    for shop in place.watched:
        shop.apply_task("nightly")
        shop.wait_until_ready("nightly")
    assert "status" not in place.outside.task("elsewhere")
    assert place.outside.find("cronjob", "elsewhere") is None
    assert operator.is_alive


def test_an_edit_is_seen(place: Place, operator: Operator) -> None:
    shop = place.watched[0]
    shop.apply_task("edited")
    shop.wait_until_ready("edited")
    shop.apply_task("edited", schedule="daily at 03:00")
    eventually(
        lambda: shop.cron_job("edited")["spec"]["schedule"] == "0 3 * * *", "the edit arrives", 60
    )
    assert operator.is_alive


def test_a_loop_runs_there_and_its_account_reads_its_namespace_only(
    place: Place, operator: Operator
) -> None:
    shop = place.watched[1]
    shop.apply_task("often", schedule="every 7 seconds")
    loop = shop.wait_until_looped("often")
    assert shop.find("deployment", loop) is not None
    account = f"{shop.namespace}:jvscheduler-loop"
    assert place.may(account, "list", TASKS, shop.namespace)
    assert not place.may(account, "list", TASKS, place.watched[0].namespace)
    assert not place.may(account, "list", "pods", shop.namespace)
    assert operator.is_alive


def test_a_deleted_secret_is_written_again(place: Place, operator: Operator) -> None:
    shop = place.watched[0]
    shop.apply_task("kept")
    shop.wait_until_ready("kept")
    shop.delete("secret", names.DATABASE_SECRET)
    eventually(lambda: shop.find("secret", names.DATABASE_SECRET), "the Secret is back", 90)
    assert operator.is_alive


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("resource", ["pods", "cronjobs.batch", "jobs.batch", TASKS])
def test_a_stolen_token_reads_nothing_elsewhere(place: Place, part: str, resource: str) -> None:
    account = f"{RELEASE}:jvscheduler-{part}"
    assert place.may(account, "list", resource, WATCHED[0])
    for namespace in (place.outside.namespace, "kube-system", RELEASE):
        for verb in ("list", "create", "patch"):
            assert not place.may(account, verb, resource, namespace)


def test_the_server_shows_the_watched_namespaces(
    place: Place, operator: Operator, postgres_url: str, tmp_path: Path
) -> None:
    place.outside.apply_task("hidden")
    for shop in place.watched:
        shop.apply_task("shown")
        shop.wait_until_ready("shown")
    account = "jvscheduler-server"
    kubeconfig = token_kubeconfig(place.server, tmp_path, account, RELEASE)
    with a_server(kubeconfig, postgres_url, tmp_path, namespaces=",".join(WATCHED)) as server:
        text = server.ask("/api/scheduler/status").text
    assert "shop.tasks.shown" in text
    assert "shop.tasks.hidden" not in text
    assert operator.is_alive
