"""Loops on a real API server: which one serves a task, and that none is left behind."""

from typing import Any

import pytest

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import foreign_cron_job
from tests.support.operator.process import Operator
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

OFTEN = "every 7 seconds"
NOWHERE: dict[str, Any] = {"nodeSelector": {"shop.test/place": "nowhere"}}
"""A pod with this spec stays Pending."""

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    shop = open_shop(api_server, "loops")
    restricted = "pod-security.kubernetes.io/enforce=restricted"
    api_server.kubectl("label", "namespace", shop.namespace, restricted)
    return shop


def template(team: str, **spec: Any) -> dict[str, Any]:
    """A template that no other test's tasks have."""
    return {"metadata": {"labels": {"team": team}}, "spec": spec}


def wait_until_gone(shop: Shop, kind: str, name: str) -> None:
    eventually(lambda: shop.find(kind, name) is None, f"{kind} {name} is gone", timeout=60)


def test_a_task_that_cron_cannot_express_is_served_by_a_loop(shop: Shop) -> None:
    shop.apply_task("often", schedule=OFTEN, template=template("often"))
    loop = shop.wait_until_looped("often")
    status = shop.task("often")["status"]
    assert status["backend"] == "Loop"
    assert status["active"] == 0
    assert shop.find("cronjob", "often") is None
    (pod,) = shop.all("pods", f"-l={names.LOOP_LABEL}={loop}")
    assert [c["name"] for c in pod["spec"]["containers"]] == ["loop", "worker"]
    assert pod["spec"]["serviceAccountName"] == "jvscheduler-loop"
    eventually(lambda: shop.event_reasons("often") == ["LoopAssigned"], "the Event")


@pytest.mark.parametrize(
    ("verb", "resource", "is_allowed"),
    [
        ("get", TASKS, True),
        ("list", TASKS, True),
        ("watch", TASKS, True),
        ("patch", TASKS, False),
        ("patch", f"{TASKS}/status", False),
        ("get", "secrets", False),
        ("list", "pods", False),
    ],
)
def test_a_loop_may_read_tasks_of_its_namespace_and_nothing_else(
    shop: Shop, verb: str, resource: str, is_allowed: bool
) -> None:
    user = f"--as=system:serviceaccount:{shop.namespace}:{names.LOOP_ACCOUNT}"
    arguments = ("auth", "can-i", verb, resource, user)
    assert shop.server.answers(*arguments, "-n", shop.namespace) == is_allowed
    assert not shop.server.answers(*arguments, "-n", "default")


def test_two_tasks_share_a_loop_until_the_last_one_goes(shop: Shop) -> None:
    shared = template("shared")
    for name in ("one", "two"):
        shop.apply_task(name, schedule=OFTEN, template=shared)
    loop = shop.wait_until_looped("one")
    assert shop.wait_until_looped("two") == loop
    shop.delete(TASKS, "one")
    wait_until_gone(shop, TASKS, "one")
    shop.patch(TASKS, "two", {"spec": {"description": "looked at anew"}})
    assert shop.wait_until_looped("two") == loop
    assert shop.find("deployment", loop) is not None
    shop.delete(TASKS, "two")
    wait_until_gone(shop, "deployment", loop)


def test_the_loop_of_a_new_template_takes_over_when_it_is_available(shop: Shop) -> None:
    shop.apply_task("moved", schedule=OFTEN, template=template("moved"))
    old = shop.wait_until_looped("moved")
    shop.apply_task("moved", schedule=OFTEN, template=template("waiting", **NOWHERE))
    found = shop.wait_for("moved", "Ready", "False", "LoopFailing")
    assert found["status"]["loop"] == old
    (pending,) = deployments(shop, "waiting")
    other = template("moved")
    shop.apply_task("moved", schedule=OFTEN, template=other, image="shop:2")
    new = shop.wait_until_looped("moved")
    assert new not in (old, pending)
    for name in (old, pending):
        wait_until_gone(shop, "deployment", name)


def deployments(shop: Shop, team: str) -> list[str]:
    return [
        found["metadata"]["name"]
        for found in shop.all("deployments")
        if found["spec"]["template"]["metadata"]["labels"].get("team") == team
    ]


def ready_message(shop: Shop, name: str) -> str:
    conditions = shop.task(name)["status"]["conditions"]
    (ready,) = (c for c in conditions if c["type"] == "Ready")
    return str(ready["message"])


def test_a_loop_that_no_node_takes_says_so(shop: Shop) -> None:
    shop.apply_task("stuck", schedule=OFTEN, template=template("stuck", **NOWHERE))
    shop.wait_for("stuck", "Ready", "False", "LoopFailing")
    assert "is not available: no node takes the pod: 0/" in ready_message(shop, "stuck")
    eventually(lambda: shop.event_reasons("stuck") == ["LoopFailing"], "the Event")
    shop.delete(TASKS, "stuck")


def test_the_pods_own_reason_is_in_the_status_and_in_an_event(shop: Shop) -> None:
    shop.apply_task("absent", schedule=OFTEN, template=template("absent"))
    old = shop.wait_until_looped("absent")
    lost = template("lost", **NOWHERE)
    shop.apply_task("absent", schedule=OFTEN, template=lost, image="shop:9")
    shop.wait_for("absent", "Ready", "False", "LoopFailing")
    (new,) = deployments(shop, "lost")
    (pending,) = shop.all("pods", f"-l={names.LOOP_LABEL}={new}")
    waiting = {"reason": "ErrImagePull", "message": "docker.io/library/shop:9: not found"}
    # As its kubelet would, if it had a node.
    status = {"name": "worker", "image": "shop:9", "imageID": "", "ready": False, "restartCount": 0}
    statuses = [{**status, "state": {"waiting": waiting}}]
    patch = {"status": {"containerStatuses": statuses}}
    shop.patch("pod", pending["metadata"]["name"], patch, "--subresource=status")
    message = (
        f'The Deployment {new} is not available: container worker: image "shop:9" not found. '
        f"Still served by {old}, with the old image"
    )
    eventually(lambda: ready_message(shop, "absent") == message, "the pod's reason", timeout=90)
    eventually(lambda: "LoopFailing" in shop.event_reasons("absent"), "the Event")
    shop.delete(TASKS, "absent")


def test_a_quota_on_memory_refuses_no_loop_whose_worker_has_a_limit(
    api_server: ApiServer, operator: Operator
) -> None:
    assert operator.is_alive
    limited = open_shop(api_server, "quota")
    limited.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "memory", "namespace": "quota"},
            "spec": {"hard": {"limits.memory": "4Gi"}},
        }
    )

    def is_counted() -> bool:
        quota = limited.find("resourcequota", "memory")
        return quota is not None and "hard" in quota.get("status", {})

    eventually(is_counted, "the quota is in force", timeout=60)
    limited.apply_task("lavish", schedule=OFTEN)
    limited.wait_for("lavish", "Ready", "False", "LoopFailing")
    assert "must specify limits.memory for: worker" in ready_message(limited, "lavish")
    resources = {"limits": {"memory": "256Mi"}}
    containers = [{"name": "task", "resources": resources}]
    limited.apply_task("lavish", schedule=OFTEN, template=template("quota", containers=containers))
    assert limited.wait_until_looped("lavish")


def test_a_template_that_the_api_server_refuses_is_reported(shop: Shop) -> None:
    shop.apply_task("misfit", schedule=OFTEN, template=template("misfit", foo=1))
    found = shop.wait_for("misfit", "Ready", "False", "ApplyFailed")
    (ready,) = (c for c in found["status"]["conditions"] if c["type"] == "Ready")
    assert ".spec.template.spec.foo: field not declared in schema" in ready["message"]
    shop.apply_task("misfit", schedule=OFTEN, template=template("misfit"))
    shop.wait_until_looped("misfit")


def test_from_a_cron_job_to_the_loop_and_back(shop: Shop) -> None:
    shop.apply_task("changed", template=template("changed"))
    shop.wait_until_ready("changed")
    shop.apply_task("changed", template=template("changed"), backend="Loop")
    loop = shop.wait_until_looped("changed")
    cron_job = shop.find("cronjob", "changed")
    assert cron_job is None or cron_job["spec"]["suspend"]
    wait_until_gone(shop, "cronjob", "changed")
    shop.apply_task("changed", template=template("changed"), backend="CronJob")
    found = shop.wait_until_ready("changed")
    assert found["status"]["backend"] == "CronJob"
    assert "loop" not in found["status"]
    assert not shop.cron_job("changed")["spec"]["suspend"]
    wait_until_gone(shop, "deployment", loop)


def test_a_task_that_returns_to_its_suspended_cron_job_resumes_it(shop: Shop) -> None:
    shop.apply_task("torn", template=template("torn"))
    shop.wait_until_ready("torn")
    uid = shop.cron_job("torn")["metadata"]["uid"]
    shop.patch("cronjob", "torn", {"status": {"active": [{"name": "x"}]}}, "--subresource=status")
    shop.apply_task("torn", template=template("torn"), backend="Loop")
    shop.wait_until_looped("torn")
    eventually(lambda: shop.cron_job("torn")["spec"]["suspend"], "it is suspended")
    shop.apply_task("torn", template=template("torn"))
    shop.wait_until_ready("torn")
    cron_job = shop.cron_job("torn")
    assert cron_job["metadata"]["uid"] == uid
    assert not cron_job["spec"]["suspend"]
    assert f"{names.GROUP}/retired-time" not in cron_job["metadata"]["annotations"]


def test_a_foreign_cron_job_does_not_block_a_loop(shop: Shop) -> None:
    shop.apply(foreign_cron_job("beside", shop.namespace))
    before = shop.cron_job("beside")
    shop.apply_task("beside", schedule=OFTEN, template=template("beside"))
    shop.wait_until_looped("beside")
    assert shop.cron_job("beside") == before


def test_a_deleted_loop_comes_back(shop: Shop) -> None:
    shop.apply_task("bereft", schedule=OFTEN, template=template("bereft"))
    loop = shop.wait_until_looped("bereft")
    found = shop.find("deployment", loop)
    assert found is not None
    shop.delete("deployment", loop)

    def is_back() -> bool:
        other = shop.find("deployment", loop)
        return other is not None and other["metadata"]["uid"] != found["metadata"]["uid"]

    eventually(is_back, "another Deployment of that name")
    assert shop.wait_until_looped("bereft") == loop


def test_an_edit_of_the_deployment_by_hand_is_repaired(shop: Shop) -> None:
    shop.apply_task("edited", schedule=OFTEN, template=template("edited"))
    loop = shop.wait_until_looped("edited")
    shop.patch("deployment", loop, {"spec": {"replicas": 0}})

    def replicas() -> bool:
        found = shop.find("deployment", loop)
        return found is not None and found["spec"]["replicas"] == 1

    eventually(replicas, "the repair")
