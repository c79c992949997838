"""Kubernetes' own CronJob controller runs the operator's CronJobs as their tasks ask for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler_operator.objects import times
from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import YEARLY, foreign_cron_job
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("operator")]


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "schedules")


def jobs_of(shop: Shop, name: str) -> list[str]:
    owners = ((job, job["metadata"]["ownerReferences"][0]["name"]) for job in shop.all("jobs"))
    return [job["metadata"]["name"] for job, owner in owners if owner == name]


def test_a_job_starts_on_the_minute_and_the_status_follows(shop: Shop) -> None:
    shop.apply_task("ticking", schedule="every minute")
    (job, *_) = eventually(lambda: jobs_of(shop, "ticking"), "a Job")
    scheduled = names.scheduled_time_of(job, "ticking")
    assert scheduled is not None

    def status() -> dict[str, Any]:
        found: dict[str, Any] = shop.task("ticking")["status"]
        assert found.get("lastScheduleTime", "") >= times.to_text(scheduled)
        return found

    seen = eventually(status, "the status describes the Job")
    assert seen["active"] == 1
    following = times.parse(seen["lastScheduleTime"]) + timedelta(minutes=1)
    assert times.parse(seen["nextScheduleTime"]) == following


def test_the_cronjob_and_the_status_have_the_values_of_h(shop: Shop) -> None:
    shop.apply_task("spread", schedule="H H(0-5) * * sun", taskID="shop.tasks.restock")
    shop.wait_until_ready("spread")
    assert shop.cron_job("spread")["spec"]["schedule"] == "56 3 * * sun"
    assert shop.task("spread")["status"]["resolvedSchedule"] == "56 3 * * sun"


@dataclass(frozen=True)
class Edit:
    """An edit of a spec, after which an instant some minutes ago belongs to the schedule."""

    name: str
    before: dict[str, Any]
    after: dict[str, Any]


def edits() -> list[Edit]:
    missed = datetime.now(UTC) - timedelta(minutes=2)
    schedule = f"{missed.minute} {missed.hour} * * *"
    return [
        Edit("rescheduled", {"schedule": YEARLY}, {"schedule": schedule}),
        Edit(
            "relocated",
            {"schedule": schedule, "timeZone": "Asia/Tokyo"},
            {"schedule": schedule, "timeZone": "UTC"},
        ),
        Edit(
            "resumed",
            {"schedule": schedule, "suspend": True},
            {"schedule": schedule, "suspend": False},
        ),
    ]


def test_an_edit_never_fires_retroactively(shop: Shop) -> None:
    """A plain CronJob with the same edit fires, although it is edited later.

    So the controller has seen our edit too, and has decided not to fire.
    """
    an_hour_ago = times.to_text((datetime.now(UTC) - timedelta(hours=1)).replace(second=0))
    cases = edits()
    for case in cases:
        prepare(shop, case, an_hour_ago)
    for case in cases:
        shop.wait_for_field(case.name, "lastScheduleTime", an_hour_ago)
        shop.patch(TASKS, case.name, {"spec": case.after})
        shop.wait_until_ready(case.name)
        look_at(shop, case.name)
    for case in cases:
        shop.patch("cronjob", f"plain-{case.name}", {"spec": case.after})
        look_at(shop, f"plain-{case.name}")
    for case in cases:
        eventually(partial(jobs_of, shop, f"plain-{case.name}"), "the plain one fires")
        assert jobs_of(shop, case.name) == []
        assert shop.task(case.name)["status"]["lastScheduleTime"] == an_hour_ago
        assert times.parse(shop.cron_job(case.name)["status"]["lastScheduleTime"]).second != 0


def prepare(shop: Shop, edit: Edit, last: str) -> None:
    """Create a task and a plain CronJob as before the edit; both ran last at that time."""
    plain = foreign_cron_job(f"plain-{edit.name}", shop.namespace)
    shop.apply({**plain, "spec": {**plain["spec"], **edit.before}})
    shop.apply_task(edit.name, **edit.before)
    shop.wait_until_ready(edit.name)
    for name in (edit.name, f"plain-{edit.name}"):
        status = {"status": {"lastScheduleTime": last}}
        shop.patch("cronjob", name, status, "--subresource=status")


def look_at(shop: Shop, name: str) -> None:
    """Update the CronJob, so that the controller looks what is due.

    After a new schedule it would otherwise wait for the next due instant.
    """
    shop.patch("cronjob", name, {"metadata": {"annotations": {"shop.test/looked-at": "yes"}}})


def test_the_next_time_moves_on_while_the_first_job_runs(shop: Shop) -> None:
    last = times.parse(shop.task("ticking")["status"]["lastScheduleTime"])
    later = times.to_text(last + timedelta(minutes=2))
    eventually(
        lambda: shop.task("ticking")["status"]["nextScheduleTime"] >= later, "the next minute"
    )
    eventually(lambda: len(jobs_of(shop, "ticking")) > 1, "a second Job while the first runs")


def test_a_job_that_runs_outlives_the_handover_to_a_loop(shop: Shop) -> None:
    shop.patch(TASKS, "ticking", {"spec": {"backend": "Loop"}})
    shop.wait_until_looped("ticking")
    eventually(lambda: "retired-time" in str(shop.cron_job("ticking")["metadata"]), "it retires")
    jobs = jobs_of(shop, "ticking")
    assert jobs
    assert shop.cron_job("ticking")["spec"]["suspend"]
    for job in jobs:
        shop.delete("job", job)
    eventually(lambda: shop.find("cronjob", "ticking") is None, "the CronJob is gone")
