"""Operator and server write one status: neither takes away what the other wrote."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jvscheduler_operator.cluster.kubernetes import KubernetesCluster
from jvscheduler_operator.objects.manifests import Key
from jvscheduler_operator.tasks.decide import decide
from jvscheduler_operator.tasks.plan import Applied, State
from jvscheduler_operator.tasks.status import differs, status_of
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.kubernetes.connection import KubernetesApi, connect
from jvscheduler_server.kubernetes.tasks import to_task_state
from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import NOON
from tests.support.operator.shop import Shop, open_shop
from tests.support.server.service_account import server_kubeconfig

FAILING = {
    "type": "Failing",
    "status": "True",
    "lastTransitionTime": "2026-03-02T11:00:00Z",
    "reason": "TaskRaised",
    "message": "1 job has failed",
}
LAST = {"scheduledTime": "2026-03-02T11:00:00Z", "status": "failed", "reason": "TaskRaised"}


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "results")


@pytest.fixture(scope="module")
def kubeconfig(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server_kubeconfig(shop.server, "results-server", tmp_path_factory.mktemp("server"))


@asynccontextmanager
async def clients(
    shop: Shop, kubeconfig: Path
) -> AsyncIterator[tuple[KubernetesCluster, KubernetesApi]]:
    operator = await KubernetesCluster.connect(str(shop.server.kubeconfig))
    server = await connect(str(kubeconfig))
    try:
        yield operator, server
    finally:
        await operator.close()
        await server.close()


def state(shop: Shop, name: str) -> TaskState:
    found = to_task_state(shop.task(name))
    assert found is not None
    return found


def by_the_operator(task: dict[str, Any]) -> dict[str, Any]:
    plan = decide(State(task, None), NOON)
    return status_of(task, plan, Applied(None), NOON)


def test_each_keeps_its_own_fields_and_conditions(shop: Shop, kubeconfig: Path) -> None:
    async def scenario() -> None:
        async with clients(shop, kubeconfig) as (operator, server):
            shop.apply_task("both")
            task = shop.task("both")
            await operator.apply_task_status(task, by_the_operator(task))
            written = {"consecutiveFailures": 1, "lastJob": LAST, "conditions": [FAILING]}
            await server.apply_task_status(state(shop, "both"), written)
            found = shop.task("both")
            assert {c["type"] for c in found["status"]["conditions"]} == {
                "Accepted",
                "Ready",
                "Failing",
            }
            assert found["status"]["lastJob"] == LAST
            assert not differs(found, by_the_operator(found))
            await operator.apply_task_status(found, by_the_operator(found))
            assert state(shop, "both").reported["conditions"] == [FAILING]
            await server.apply_task_status(state(shop, "both"), {"consecutiveFailures": 0})
            status = shop.task("both")["status"]
            assert {c["type"] for c in status["conditions"]} == {"Accepted", "Ready"}
            assert "lastJob" not in status
            assert status["consecutiveFailures"] == 0

    asyncio.run(scenario())


def test_kubectl_shows_result_and_next(shop: Shop, kubeconfig: Path) -> None:
    async def scenario() -> None:
        async with clients(shop, kubeconfig) as (operator, server):
            shop.apply_task("shown")
            task = shop.task("shown")
            due = {**by_the_operator(task), "nextScheduleTime": "2027-01-01T00:00:00Z"}
            await operator.apply_task_status(task, due)
            await server.apply_task_status(state(shop, "shown"), {"lastJob": LAST})
            event = {"type": "Warning", "reason": "TaskRaised", "message": "1 job has failed"}
            await server.create_event(state(shop, "shown"), event)

    asyncio.run(scenario())
    table = shop.server.kubectl("-n", shop.namespace, "get", "schtask", "shown")
    head, row = table.splitlines()
    assert head.split() == ["NAME", "SCHEDULE", "NEXT", "LAST", "RESULT", "READY"]
    assert {"2027-01-01T00:00:00Z", "failed"} <= set(row.split())
    of_category = shop.server.kubectl("-n", shop.namespace, "get", "jvscheduler")
    assert of_category == shop.server.kubectl("-n", shop.namespace, "get", "scheduledtasks")
    assert "2027-01-01T00:00:00Z" in of_category
    assert Key(shop.namespace, "shown")
    assert "1 job has failed" in shop.server.kubectl(
        "-n", shop.namespace, "describe", "schtask", "shown"
    )
