"""The operator during and after an outage of the API server."""

from pathlib import Path

import pytest

from tests.cluster.api_server import ApiServer
from tests.cluster.commands import wait_until
from tests.support.gate import gate_to
from tests.support.operator.process import run_operator, write_kubeconfig
from tests.support.operator.shop import Shop, open_shop
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "outage")


def test_the_operator_survives_an_outage_and_catches_up(shop: Shop, tmp_path: Path) -> None:
    with gate_to(shop.server) as gate:
        config = write_kubeconfig(shop.server, tmp_path)
        config.write_text(
            config.read_text().replace(shop.server.url, f"https://127.0.0.1:{gate.port}")
        )
        with run_operator(config, tmp_path) as operator:
            for name in ("edited", "bereft"):
                shop.apply_task(name)
                shop.wait_until_ready(name)
            gate.shut()
            shop.apply_task("edited", image="shop:2")
            shop.delete("cronjob", "bereft")
            wait_until(
                lambda: "attempt #4 failed; will retry" in operator.log.read_text(),
                "kopf tries again",
                log=operator.log,
            )
            assert operator.is_alive
            gate.open()
            shop.apply_task("created")
            for name in ("edited", "created"):
                shop.wait_until_ready(name)
            eventually(lambda: shop.find("cronjob", "bereft"), "the CronJob is back")
            assert operator.end() == 0
