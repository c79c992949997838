"""A task as deep as the API server takes it: it is refused with words, and delays no other."""

import json

import pytest

from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import task
from tests.support.operator.process import Operator
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

LEVELS = 5_000
CONDITION = "jsonpath={.status.conditions[?(@.type=='Accepted')]['reason','message']}"


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "deep-tasks")


def create_deep(shop: Shop, name: str) -> None:
    """Python cannot write it, so its text is put together."""
    manifest = task(name, shop.namespace, template={"spec": {"x-deep": "DEEP"}})
    text = json.dumps(manifest).replace('"DEEP"', '{"a":' * LEVELS + "1" + "}" * LEVELS)
    shop.server.kubectl("create", "-f", "-", stdin=text)


def accepted(shop: Shop, name: str) -> str:
    return shop.server.kubectl("-n", shop.namespace, "get", TASKS, name, "-o", CONDITION)


def test_a_deep_task_is_refused_and_delays_no_other(shop: Shop, operator: Operator) -> None:
    shop.apply_task("before")
    create_deep(shop, "deep")
    shop.apply_task("after")
    shop.wait_until_ready("before")
    shop.wait_until_ready("after")
    eventually(lambda: "InvalidSpec" in accepted(shop, "deep"), "the deep task is refused")
    assert "levels" in accepted(shop, "deep")
    assert operator.is_alive
