"""Which variables of a pod have their values from Secrets, as the operator tells the runner."""

from typing import Any

import pytest

from jvscheduler.environment import LOG_FORMAT, SECRET_VARIABLES
from jvscheduler_operator.acceptance import accept
from jvscheduler_operator.loops import deployments
from jvscheduler_operator.pod_templates.loops import LoopContainer
from jvscheduler_operator.pod_templates.secrets import secret_variables
from jvscheduler_operator.tasks.decide import decide
from jvscheduler_operator.tasks.plan import State
from tests.support.operator.objects import NOON, stored_task

CARD = {"name": "CARD", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "card"}}}
REGION = {"name": "REGION", "value": "eu"}
TOKEN = {"name": "API_TOKEN", "value": "tea"}
ALL = {"secretRef": {"name": "shop"}}


@pytest.mark.parametrize(
    ("env", "env_from", "expected"),
    [
        ([REGION], None, []),
        ([CARD, REGION], None, ["CARD"]),
        ([CARD, REGION, TOKEN], [ALL], ["CARD", "*", "!REGION"]),
        ([CARD], [{**ALL, "prefix": "SHOP_"}], ["CARD", "SHOP_*"]),
        ([], [{"configMapRef": {"name": "shop"}}], []),
        ([{**CARD, "name": "A,B"}], None, ["A?B"]),
        ([{"name": "JVSCHEDULER_DATABASE_URL", "valueFrom": CARD["valueFrom"]}], None, []),
        ([], "nonsense", []),
        ([], [1, {"secretRef": {}, "prefix": 5}], []),
    ],
)
def test_they_are_named(env: list[Any], env_from: Any, expected: list[str]) -> None:
    assert secret_variables(env, env_from) == expected


def template(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "task", **fields}]}}


def values(container: dict[str, Any]) -> dict[str, Any]:
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_a_pod_of_a_task_is_told() -> None:
    task = stored_task(template=template(env=[CARD], envFrom=[{**ALL, "prefix": "SHOP_"}]))
    manifest = decide(State(task, None), NOON).cron_job or {}
    (container,) = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert values(container)[SECRET_VARIABLES] == "CARD,SHOP_*"


def test_a_worker_is_told_and_the_loop_beside_it_has_none() -> None:
    task = stored_task(schedule="every 20 seconds", template=template(env=[CARD]))
    made = deployments.build("shop", accept(task).spec, LoopContainer("server:1"))
    loop, worker = made["spec"]["template"]["spec"]["containers"]
    assert values(worker)[SECRET_VARIABLES] == "CARD"
    assert SECRET_VARIABLES not in values(loop)


def test_pods_log_as_the_operator_does_unless_their_template_says_otherwise() -> None:
    log = {LOG_FORMAT: "json"}
    own = template(env=[{"name": LOG_FORMAT, "value": "text"}])
    for chosen, expected in (({}, "json"), ({"template": own}, "text")):
        manifest = decide(State(stored_task(**chosen), None, log=log), NOON).cron_job or {}
        (container,) = manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert values(container)[LOG_FORMAT] == expected
        task = stored_task(schedule="every 20 seconds", **chosen)
        made = deployments.build("shop", accept(task).spec, LoopContainer("server:1", log=log))
        loop, worker = made["spec"]["template"]["spec"]["containers"]
        assert (values(loop)[LOG_FORMAT], values(worker)[LOG_FORMAT]) == ("json", expected)
