"""The operator on a real API server, with only the rights that its documentation states."""

import base64
from typing import Any

import pytest

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import YEARLY, foreign_cron_job
from tests.support.operator.process import (
    DATABASE_URL,
    Operator,
)
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "shop")


def test_a_task_becomes_a_cron_job_that_it_owns(shop: Shop) -> None:
    shop.apply_task("created", schedule="daily at 14:30", timeZone="Europe/Berlin")
    found = shop.wait_until_ready("created")
    cron_job = shop.cron_job("created")
    (owner,) = cron_job["metadata"]["ownerReferences"]
    assert owner["uid"] == found["metadata"]["uid"]
    assert owner["controller"]
    assert owner["blockOwnerDeletion"]
    assert cron_job["spec"]["schedule"] == "30 14 * * *"
    assert cron_job["spec"]["timeZone"] == "Europe/Berlin"
    assert found["status"]["backend"] == "CronJob"
    assert found["status"]["active"] == 0
    assert found["status"]["nextScheduleTime"].endswith(("T12:30:00Z", "T13:30:00Z"))
    assert shop.conditions("created")["Accepted"] == ("True", "Accepted")
    eventually(lambda: shop.event_reasons("created") == ["SuccessfulCreate"], "the Event")


def test_nothing_of_kopf_is_written_to_the_task(shop: Shop) -> None:
    shop.apply_task("untouched")
    found = shop.wait_until_ready("untouched")
    assert "finalizers" not in found["metadata"]
    assert set(found["metadata"]["annotations"]) == {
        "kubectl.kubernetes.io/last-applied-configuration"
    }


def test_an_edit_reaches_the_cron_job(shop: Shop) -> None:
    shop.apply_task("edited")
    shop.wait_until_ready("edited")
    shop.apply_task("edited", image="shop:2", maxConcurrency=3, backoffLimit=2)
    shop.wait_until_ready("edited")
    spec = shop.cron_job("edited")["spec"]
    (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "shop:2"
    assert spec["concurrencyPolicy"] == "Allow"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 2
    eventually(lambda: "SuccessfulUpdate" in shop.event_reasons("edited"), "the Event")


def test_a_field_removed_from_the_spec_is_removed_from_the_cron_job(shop: Shop) -> None:
    template = {"spec": {"nodeSelector": {"disk": "fast"}}}
    shop.apply_task("reduced", template=template, startingDeadlineSeconds=60)
    shop.wait_until_ready("reduced")
    shop.apply_task("reduced")
    shop.wait_until_ready("reduced")
    spec = shop.cron_job("reduced")["spec"]
    assert "startingDeadlineSeconds" not in spec
    assert "nodeSelector" not in spec["jobTemplate"]["spec"]["template"]["spec"]


def test_suspend_and_resume(shop: Shop) -> None:
    shop.apply_task("suspended", suspend=True)
    found = shop.wait_for("suspended", "Suspended", "True", "SuspendedBySpec")
    assert "nextScheduleTime" not in found["status"]
    assert shop.cron_job("suspended")["spec"]["suspend"]
    shop.apply_task("suspended", suspend=False)
    eventually(lambda: "Suspended" not in shop.conditions("suspended"), "resumed")
    assert "nextScheduleTime" in shop.task("suspended")["status"]
    assert not shop.cron_job("suspended")["spec"]["suspend"]


def test_deleting_a_task_deletes_its_cron_job(shop: Shop) -> None:
    shop.apply_task("deleted")
    shop.wait_until_ready("deleted")
    shop.delete(TASKS, "deleted")
    eventually(lambda: shop.find("cronjob", "deleted") is None, "garbage collection")


def test_a_deleted_secret_is_written_again(shop: Shop) -> None:
    shop.apply_task("secretive")
    shop.wait_until_ready("secretive")
    eventually(lambda: shop.find("secret", names.DATABASE_SECRET) is not None, "the Secret")
    shop.delete("secret", names.DATABASE_SECRET)
    eventually(lambda: shop.find("secret", names.DATABASE_SECRET) is not None, "the Secret again")


def test_a_deleted_task_that_a_finalizer_keeps_has_no_cron_job(shop: Shop) -> None:
    shop.apply_task("kept")
    shop.wait_until_ready("kept")
    shop.patch(TASKS, "kept", {"metadata": {"finalizers": ["audit.example/kept"]}})
    shop.delete(TASKS, "kept")
    eventually(lambda: shop.find("cronjob", "kept") is None, "no CronJob")
    assert shop.find(TASKS, "kept") is not None
    shop.wait_for("kept", "Ready", "False", "AwaitingDeletion")
    shop.patch(TASKS, "kept", {"metadata": {"finalizers": None}})
    eventually(lambda: shop.find(TASKS, "kept") is None, "no task")


def test_a_task_deleted_and_created_again_at_once_gets_a_new_cron_job(shop: Shop) -> None:
    shop.apply_task("reborn")
    shop.wait_until_ready("reborn")
    old = shop.cron_job("reborn")["metadata"]["uid"]
    shop.delete(TASKS, "reborn")
    shop.apply_task("reborn")
    eventually(lambda: shop.cron_job("reborn")["metadata"]["uid"] != old, "a new CronJob")
    shop.wait_until_ready("reborn")


def test_a_deleted_cron_job_comes_back(shop: Shop) -> None:
    shop.apply_task("restored")
    shop.wait_until_ready("restored")
    old = shop.cron_job("restored")["metadata"]["uid"]
    shop.delete("cronjob", "restored")
    eventually(lambda: shop.cron_job("restored")["metadata"]["uid"] != old, "a new CronJob")


def test_a_foreign_cron_job_is_left_alone_until_it_is_gone(shop: Shop) -> None:
    shop.apply(foreign_cron_job("taken", shop.namespace))
    before = shop.cron_job("taken")
    shop.apply_task("taken")
    shop.wait_for("taken", "Ready", "False", "NameConflict")
    assert shop.cron_job("taken") == before
    eventually(lambda: shop.event_reasons("taken") == ["NameConflict"], "the Event")
    shop.delete("cronjob", "taken")
    shop.patch(TASKS, "taken", {"spec": {"description": "looked at anew"}})
    shop.wait_until_ready("taken")


def edited_schedule(cron_job: dict[str, Any]) -> Any:
    return cron_job["spec"]["schedule"]


def label(cron_job: dict[str, Any]) -> Any:
    return cron_job["metadata"].get("labels", {}).get(names.TASK_LABEL)


@pytest.mark.parametrize(
    ("name", "edit", "look", "good"),
    [
        ("hand-schedule", {"spec": {"schedule": "9 9 9 9 *"}}, edited_schedule, YEARLY),
        (
            "hand-label",
            {"metadata": {"labels": {names.TASK_LABEL: None}}},
            label,
            "hand-label",
        ),
    ],
)
def test_an_edit_of_the_cron_job_by_hand_is_repaired(
    shop: Shop, name: str, edit: dict[str, Any], look: Any, good: str
) -> None:
    shop.apply_task(name)
    shop.wait_until_ready(name)
    before = shop.cron_job(name)["metadata"]["resourceVersion"]
    shop.patch("cronjob", name, edit)
    eventually(lambda: look(shop.cron_job(name)) == good, "the repair")
    assert shop.cron_job(name)["metadata"]["resourceVersion"] != before


def test_values_that_the_api_server_stores_otherwise_are_not_written_again(
    shop: Shop, operator: Operator
) -> None:
    resources = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
    container = {"name": "task", "resources": resources, "env": [{"name": "EMPTY", "value": ""}]}
    shop.apply_task("canonical", template={"spec": {"containers": [container]}})
    shop.wait_until_ready("canonical")
    version = shop.cron_job("canonical")["metadata"]["resourceVersion"]
    shop.patch(TASKS, "canonical", {"spec": {"description": "nothing for the CronJob"}})
    shop.wait_until_ready("canonical")
    assert shop.cron_job("canonical")["metadata"]["resourceVersion"] == version
    assert operator.is_alive


def test_a_schedule_that_only_the_grammar_refuses_is_not_accepted(shop: Shop) -> None:
    shop.apply_task("backwards", schedule="0 0 20-10 * *")
    found = shop.wait_for("backwards", "Accepted", "False", "InvalidSchedule")
    assert shop.conditions("backwards")["Ready"] == ("False", "NotAccepted")
    (accepted,) = (c for c in found["status"]["conditions"] if c["type"] == "Accepted")
    assert accepted["message"].startswith("spec.schedule: ")
    assert shop.find("cronjob", "backwards") is None
    eventually(lambda: shop.event_reasons("backwards") == ["InvalidSchedule"], "the Event")


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("every-7-minutes", {"schedule": "every 7 minutes"}),
        ("once-a-day", {"schedule": "daily at 02:30", "dst": "once"}),
    ],
)
def test_a_task_on_a_loop_gets_a_cron_job_when_cron_can_express_its_new_schedule(
    shop: Shop, name: str, spec: dict[str, Any]
) -> None:
    shop.apply_task(name, **spec)
    shop.wait_until_looped(name)
    assert shop.find("cronjob", name) is None
    shop.apply_task(name, schedule="daily at 02:30", dst="cron")
    shop.wait_until_ready(name)
    assert shop.cron_job(name)["spec"]["schedule"] == "30 2 * * *"


def test_a_refused_edit_leaves_the_cron_job_as_it_was(shop: Shop) -> None:
    shop.apply_task("mistyped")
    shop.wait_until_ready("mistyped")
    before = shop.cron_job("mistyped")
    shop.apply_task("mistyped", schedule="0 0 20-10 * *")
    shop.wait_for("mistyped", "Accepted", "False", "InvalidSchedule")
    assert shop.cron_job("mistyped") == before


@pytest.mark.parametrize(
    ("name", "pod", "message"),
    [
        ("unknown-field", {"foo": 1}, ".spec.foo: field not declared in schema"),
        ("bad-value", {"hostAliases": [{"ip": "nowhere"}]}, "must be a valid IP address"),
    ],
)
def test_a_bad_pod_template_is_reported_and_delays_no_other_task(
    shop: Shop, name: str, pod: dict[str, Any], message: str
) -> None:
    shop.apply_task(name, template={"spec": pod})
    shop.apply_task(f"beside-{name}")
    shop.wait_until_ready(f"beside-{name}")
    found = shop.wait_for(name, "Ready", "False", "ApplyFailed")
    (ready,) = (c for c in found["status"]["conditions"] if c["type"] == "Ready")
    assert message in ready["message"]
    shop.apply_task(name)
    shop.wait_until_ready(name)


def test_the_namespace_gets_the_address_of_the_database(shop: Shop) -> None:
    shop.apply_task("recorded")
    shop.wait_until_ready("recorded")
    secret = shop.find("secret", names.DATABASE_SECRET)
    assert secret is not None
    value = secret["data"][names.DATABASE_SECRET_KEY]
    assert base64.b64decode(value).decode() == DATABASE_URL


def test_a_users_own_secret_is_left_alone(shop: Shop) -> None:
    shop.server.kubectl("create", "namespace", "own-database")
    arguments = ["create", "secret", "generic", names.DATABASE_SECRET, "--from-literal=url=mine"]
    shop.server.kubectl("-n", "own-database", *arguments)
    theirs = Shop(shop.server, "own-database")
    before = theirs.find("secret", names.DATABASE_SECRET)
    theirs.apply_task("recorded")
    theirs.wait_until_ready("recorded")
    assert theirs.find("secret", names.DATABASE_SECRET) == before
