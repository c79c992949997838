"""The operator is ended, killed, and started without its custom resource."""

from functools import partial
from pathlib import Path

import pytest

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.cluster.commands import wait_until
from tests.support.operator.process import run_operator, write_kubeconfig
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

pytestmark = pytest.mark.long

MANY = [f"task-{n:02}" for n in range(20)]
RIGHTS = ("serviceaccounts", "rolebindings")
LOOPED = [f"looped-{n:02}" for n in range(10)]


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "restarts")


@pytest.fixture(scope="module")
def kubeconfig(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_kubeconfig(shop.server, tmp_path_factory.mktemp("kubeconfig"))


def versions(shop: Shop) -> dict[str, str]:
    """Versions of all objects that the operator writes, without those of new tasks."""
    objects = [
        item
        for kind in (TASKS, "cronjobs", "deployments", *RIGHTS, "secrets", "events")
        for item in shop.all(kind)
        if "afterwards" not in item["metadata"]["name"]
    ]
    return {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in objects}


def test_killed_at_any_moment_the_next_process_completes_the_work(
    shop: Shop, kubeconfig: Path, tmp_path: Path
) -> None:
    with run_operator(kubeconfig, tmp_path) as operator:
        for name in MANY:
            shop.apply_task(name)
        for name in LOOPED:
            shop.apply_task(name, backend="Loop")
        eventually(lambda: shop.all("cronjobs"), "some CronJobs")
        operator.kill()
    with run_operator(kubeconfig, tmp_path) as operator:
        for name in MANY:
            shop.wait_until_ready(name)
        assert len({shop.wait_until_looped(name) for name in LOOPED}) == 1
        assert operator.end() == 0


def test_a_restart_with_nothing_changed_writes_nothing(
    shop: Shop, kubeconfig: Path, tmp_path: Path
) -> None:
    before = versions(shop)
    assert len(before) > 2 * len(MANY)
    with run_operator(kubeconfig, tmp_path) as operator:
        shop.apply_task("afterwards")  # queued behind those that were there at the start
        shop.wait_until_ready("afterwards")
        assert operator.end() == 0
    assert versions(shop) == before


def test_changes_while_the_operator_was_away_are_applied(
    shop: Shop, kubeconfig: Path, tmp_path: Path
) -> None:
    edited, bereft, unlabelled, deleted = MANY[:4]
    shop.apply_task(edited, image="shop:2")
    shop.delete("cronjob", bereft)
    shop.patch("cronjob", unlabelled, {"metadata": {"labels": {names.TASK_LABEL: None}}})
    shop.delete(TASKS, deleted)
    with run_operator(kubeconfig, tmp_path):
        shop.wait_until_ready(edited)
        eventually(lambda: shop.find("cronjob", bereft), "the CronJob is back")
        eventually(
            lambda: names.TASK_LABEL in shop.cron_job(unlabelled)["metadata"].get("labels", {}),
            "the label is back",
        )
        eventually(lambda: shop.find("cronjob", deleted) is None, "garbage collection")


def test_a_handover_that_was_killed_goes_on(shop: Shop, kubeconfig: Path, tmp_path: Path) -> None:
    to_loop, to_cron_job = MANY[5:10], LOOPED[:5]
    with run_operator(kubeconfig, tmp_path) as operator:
        for name in to_loop:
            shop.patch(TASKS, name, {"spec": {"backend": "Loop", "image": "shop:3"}})
        for name in to_cron_job:
            shop.patch(TASKS, name, {"spec": {"backend": "CronJob"}})
        eventually(
            lambda: any(shop.task(name)["status"].get("loop") for name in to_loop), "a first one"
        )
        operator.kill()
    with run_operator(kubeconfig, tmp_path):
        for name in to_loop:
            shop.wait_until_looped(name)
            eventually(partial(is_gone, shop, "cronjob", name), "its CronJob is gone")
        for name in to_cron_job:
            shop.wait_until_ready(name)


def is_gone(shop: Shop, kind: str, name: str) -> bool:
    return shop.find(kind, name) is None


def test_a_loop_that_lost_its_tasks_while_the_operator_was_away_is_deleted(
    shop: Shop, kubeconfig: Path, tmp_path: Path
) -> None:
    loops = {shop.task(name)["status"]["loop"] for name in LOOPED[5:]}
    for name in LOOPED[5:]:
        shop.delete(TASKS, name)
    with run_operator(kubeconfig, tmp_path):
        for loop in loops:
            eventually(partial(is_gone, shop, "deployment", loop), "the loop is gone")


def test_it_waits_for_the_custom_resource_and_ends_when_that_is_deleted(
    shop: Shop, kubeconfig: Path, tmp_path: Path
) -> None:
    with run_operator(kubeconfig, tmp_path) as operator:
        shop.server.kubectl("delete", "crd", TASKS)
        wait_until(lambda: operator.process.poll() is not None, "the end", log=operator.log)
        assert operator.process.returncode not in (0, None)
    with run_operator(kubeconfig, tmp_path, is_served=False) as operator:
        wait_until(
            lambda: "is not installed, waiting for it" in operator.log.read_text(),
            "the warning",
            log=operator.log,
        )
        later = open_shop(shop.server, "restarts-later")
        later.apply_task("patient")
        later.wait_until_ready("patient")
