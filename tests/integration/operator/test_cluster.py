"""The Kubernetes API keeps the contract of clusters, through the operator's client."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from kubernetes.aio import config
from kubernetes.aio.config import incluster_config

from jvscheduler.errors import InvalidSettings
from jvscheduler_operator.cluster.errors import Conflict, Rejected, Unavailable
from jvscheduler_operator.cluster.kubernetes import KubernetesCluster
from jvscheduler_operator.objects import secrets
from jvscheduler_operator.objects.manifests import Key, Manifest
from tests.cluster.api_server import ApiServer, free_ports
from tests.contracts.cluster_loops import LoopContract
from tests.contracts.cluster_tasks import ClusterContract, OpenStage, Stage, desired, run
from tests.support.operator.process import write_kubeconfig
from tests.support.operator.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "contract")


@pytest.fixture
def open_stage(shop: Shop) -> OpenStage:
    async def put(manifest: Manifest) -> Manifest:
        text = json.dumps(manifest)
        answer = shop.server.kubectl("create", "-f", "-", "-o", "json", stdin=text)
        stored: Manifest = json.loads(answer)
        return stored

    @asynccontextmanager
    async def opened() -> AsyncIterator[Stage]:
        cluster = await KubernetesCluster.connect(str(shop.server.kubeconfig))
        try:
            yield Stage(cluster, put, put, put, put, shop.namespace)
        finally:
            await cluster.close()

    return opened


class TestKubernetesCluster(ClusterContract, LoopContract):
    def test_a_secret_that_someone_else_wrote_is_a_conflict(
        self, open_stage: OpenStage, shop: Shop
    ) -> None:
        async def scenario(stage: Stage) -> None:
            shop.server.kubectl("create", "namespace", "contract-secrets")
            manifest = secrets.build("contract-secrets", "sqlite:///theirs")
            shop.server.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
            with pytest.raises(Conflict):
                await stage.cluster.apply_secret(secrets.build("contract-secrets", "sqlite:///o"))

        run(open_stage, scenario)

    def test_a_manifest_that_does_not_fit_its_kind_is_rejected(self, open_stage: OpenStage) -> None:
        async def scenario(stage: Stage) -> None:
            manifest = dict(desired(await stage.new_task("misfit")))
            manifest["spec"] = {**manifest["spec"], "when": "now"}
            with pytest.raises(Rejected, match="field not declared in schema"):
                await stage.cluster.apply_cron_job(manifest, force=False)

        run(open_stage, scenario)

    def test_a_list_of_many_pages_is_whole(
        self, open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("jvscheduler_operator.cluster.kubernetes._PAGE", 2)

        async def scenario(stage: Stage) -> None:
            for number in range(5):
                await stage.new_task(f"page-{number}")
            found = {task["metadata"]["name"] for task in (await stage.cluster.tasks()).items}
            assert {f"page-{number}" for number in range(5)} <= found

        run(open_stage, scenario)


def test_in_a_pod_its_service_account_is_used(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = yaml.safe_load(write_kubeconfig(shop.server, tmp_path).read_text())
    authority = account["clusters"][0]["cluster"]
    places = {"SERVICE_TOKEN_FILENAME": "token", "SERVICE_CERT_FILENAME": "ca.crt"}
    (tmp_path / "token").write_text(account["users"][0]["user"]["token"])
    (tmp_path / "ca.crt").write_bytes(authority_of(authority))
    for constant, name in places.items():
        monkeypatch.setattr(incluster_config, constant, str(tmp_path / name))
    monkeypatch.setattr(config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    host, _, port = shop.server.url.removeprefix("https://").partition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)

    async def ask() -> bool:
        cluster = await KubernetesCluster.connect()
        try:
            return await cluster.serves_tasks()
        finally:
            await cluster.close()

    with pytest.warns(UserWarning, match="inCluster"):
        assert asyncio.run(ask())


def authority_of(entry: dict[str, str]) -> bytes:
    if "certificate-authority-data" in entry:
        return base64.b64decode(entry["certificate-authority-data"])
    return Path(entry["certificate-authority"]).read_bytes()


def test_an_api_server_that_is_away_is_unavailable(shop: Shop, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    text = shop.server.kubeconfig.read_text()
    path = tmp_path / "away.kubeconfig"
    path.write_text(text.replace(shop.server.url, f"https://127.0.0.1:{port}"))

    async def ask() -> None:
        cluster = await KubernetesCluster.connect(str(path))
        try:
            with pytest.raises(Unavailable, match="does not answer"):
                await cluster.cron_job(Key("contract", "any"))
        finally:
            await cluster.close()

    asyncio.run(ask())


def test_no_way_to_the_api_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="set KUBECONFIG"):
        asyncio.run(KubernetesCluster.connect(str(tmp_path / "none")))
