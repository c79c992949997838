"""Arguments and retries on a real API server: what the operator refuses, and what a pod gets."""

from typing import Any

import pytest

from jvscheduler import environment
from jvscheduler.arguments.values import from_text
from tests.cluster.api_server import ApiServer
from tests.cluster.errors import CommandError
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")
DAYS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["days"],
    "properties": {"days": {"type": "integer", "minimum": 1}, "note": {"type": "string"}},
}


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "arguments")


@pytest.mark.parametrize("backend", ["CronJob", "Loop"])
def test_an_edit_to_args_that_do_not_fit_is_not_accepted(shop: Shop, backend: str) -> None:
    name = f"args-{backend.lower()}"
    shop.apply_task(name, backend=backend, args={"days": 7}, argsSchema=DAYS)
    shop.wait_for(name, "Accepted", "True", "Accepted")
    shop.patch(TASKS, name, {"spec": {"args": {"days": "seven"}}})
    found = shop.wait_for(name, "Accepted", "False", "InvalidArgs")
    (accepted,) = (c for c in found["status"]["conditions"] if c["type"] == "Accepted")
    assert accepted["message"] == "spec.args.days: must be a whole number, got 'seven'"
    eventually(lambda: "InvalidArgs" in shop.event_reasons(name), "the Event")


def test_new_args_reach_the_next_pod_and_fire_nothing(shop: Shop) -> None:
    args = {"days": 7, "note": "$(POD_NAME)"}
    shop.apply_task("edited", args=args, argsSchema=DAYS)
    shop.wait_until_ready("edited")
    assert args_of(shop.cron_job("edited")) == args
    shop.patch(TASKS, "edited", {"spec": {"args": {"days": 8}}})
    eventually(lambda: args_of(shop.cron_job("edited"))["days"] == 8, "the new args")
    assert not [j for j in shop.all("jobs") if j["metadata"]["name"].startswith("edited-")]


def test_what_no_parameter_can_be_is_refused_at_admission(shop: Shop) -> None:
    with pytest.raises(CommandError, match=r"spec\.args: .*must be of type object"):
        shop.apply_task("a-list", args=["days"])
    with pytest.raises(CommandError, match="must have at most 100 items"):
        shop.apply_task("many", args={f"x{number}": 1 for number in range(101)})


def test_the_job_of_a_named_exception_makes_no_further_pod(shop: Shop) -> None:
    """The API server takes the rule, and a later pass finds nothing to change."""
    shop.apply_task("named", backoffLimit=2, noRetryOn=["ValueError"])
    shop.wait_until_ready("named")
    job = shop.cron_job("named")
    (rule,) = job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [79])
    shop.patch(TASKS, "named", {"spec": {"description": "looked at anew"}})
    shop.wait_until_ready("named")
    version = shop.cron_job("named")["metadata"]["resourceVersion"]
    assert version == job["metadata"]["resourceVersion"]


def args_of(cron_job: dict[str, Any]) -> dict[str, Any]:
    (container,) = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    (text,) = (v["value"] for v in container["env"] if v["name"] == environment.ARGS)
    return from_text(text)
