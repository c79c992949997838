"""The operator gives up Jobs that wait, on a real API server with the real Job controller."""

import json
import time
from typing import Any

import pytest

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.support.operator.shop import Shop, open_shop
from tests.support.waiting import eventually

NOWHERE = {"spec": {"nodeSelector": {"disk": "none"}}}

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "waiting")


def start_jobs(shop: Shop, task: str, *minutes_ago: int, event: str | None = None) -> list[str]:
    """Make the Jobs of these minutes as the CronJob controller does. Returns their names.

    The operator learns of them when each has an Event of this reason.
    """
    cron_job = shop.cron_job(task)
    now = int(time.time()) // 60
    jobs = [job_of(cron_job, f"{task}-{now - ago}") for ago in minutes_ago]
    references = [create(shop, job) for job in jobs]
    created = [job["metadata"]["name"] for job in jobs]
    if event is not None:
        eventually(lambda: all(messages(shop, event, name) for name in created), "Events")
    shop.patch("cronjob", task, {"status": {"active": references}}, "--subresource=status")
    return created


def job_of(cron_job: dict[str, Any], name: str) -> dict[str, Any]:
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "controller": True}
    owner |= {field: cron_job["metadata"][field] for field in ("name", "uid")}
    template = cron_job["spec"]["jobTemplate"]
    namespace = cron_job["metadata"]["namespace"]
    metadata = {**template["metadata"], "name": name, "namespace": namespace}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**metadata, "ownerReferences": [owner]},
        "spec": template["spec"],
    }


def create(shop: Shop, job: dict[str, Any]) -> dict[str, Any]:
    text = shop.server.kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(job))
    return reference(shop, json.loads(text)["metadata"]["name"])


def reference(shop: Shop, job: str) -> dict[str, Any]:
    found = shop.find("job", job)
    assert found is not None
    fields = {field: found["metadata"][field] for field in ("name", "namespace", "uid")}
    return {"apiVersion": "batch/v1", "kind": "Job", **fields}


def failure(shop: Shop, job: str) -> str | None:
    found = shop.find("job", job)
    assert found is not None
    conditions = found.get("status", {}).get("conditions", [])
    failed = [c["reason"] for c in conditions if (c["type"], c["status"]) == ("Failed", "True")]
    return failed[0] if failed else None


def given_up(shop: Shop, job: str) -> str | None:
    found = shop.find("job", job)
    assert found is not None
    reason: str | None = found["metadata"].get("annotations", {}).get(names.GIVEN_UP_ANNOTATION)
    return reason


def messages(shop: Shop, reason: str, name: str) -> list[str]:
    """Of the Events about an object of this name."""
    selector = f"--field-selector=reason={reason},involvedObject.name={name}"
    return [event["message"] for event in shop.all("events", selector)]


def pods(shop: Shop, job: str) -> list[dict[str, Any]]:
    return shop.all("pods", f"--selector={names.JOB_NAME_LABEL}={job}")


def test_of_more_jobs_than_may_run_at_once_the_oldest_go_on_waiting(shop: Shop) -> None:
    shop.apply_task("crowded", template=NOWHERE)
    shop.wait_until_ready("crowded")
    first, second = start_jobs(shop, "crowded", 1, 0)
    eventually(lambda: failure(shop, second) == "DeadlineExceeded", "the second has ended", 60)
    eventually(lambda: pods(shop, second) == [], "its pod is gone")
    assert given_up(shop, second) == "ConcurrencyLimit"
    assert (given_up(shop, first), failure(shop, first)) == (None, None)
    assert len(pods(shop, first)) == 1
    eventually(lambda: "JobAlreadyActive" in shop.event_reasons("crowded"), "the Event")


def test_a_job_that_cannot_start_gives_way_when_its_task_was_corrected(shop: Shop) -> None:
    shop.apply_task("corrected", template=NOWHERE)
    shop.wait_until_ready("corrected")
    (first,) = start_jobs(shop, "corrected", 1)
    eventually(lambda: pods(shop, first), "its pod waits")
    shop.apply_task("corrected")
    shop.wait_until_ready("corrected")
    (second,) = start_jobs(shop, "corrected", 0)
    active = [reference(shop, job) for job in (first, second)]
    shop.patch("cronjob", "corrected", {"status": {"active": active}}, "--subresource=status")
    eventually(lambda: failure(shop, first) == "DeadlineExceeded", "the first has ended", 60)
    assert (given_up(shop, second), failure(shop, second)) == (None, None)


def test_a_job_that_may_not_make_pods_is_given_up_when_its_deadline_is_over(shop: Shop) -> None:
    template = {"spec": {"serviceAccountName": "baker"}}
    shop.apply_task("late", template=template, startingDeadlineSeconds=60, maxConcurrency=5)
    shop.wait_until_ready("late")
    early, late = start_jobs(shop, "late", -2, 2, event="FailedCreate")
    eventually(lambda: failure(shop, late) == "DeadlineExceeded", "the late one has ended", 60)
    assert given_up(shop, late) == "DeadlineMissed"
    assert given_up(shop, early) is None
    (message,) = eventually(lambda: messages(shop, "MissSchedule", "late"), "the Event")
    assert 'serviceaccount "baker" not found' in message
