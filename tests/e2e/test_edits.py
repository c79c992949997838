"""Suspending, resuming, editing and deleting do what CronJob users expect."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from jvscheduler.names import TASK_LABEL
from tests.e2e.installation import SHOP, Installation
from tests.support.waiting import eventually

NAME = "edited"


@pytest.fixture
def task(installation: Installation) -> Iterator[Installation]:
    """A task of its own, due at New Year, so that nothing runs unless a test makes it due."""
    apply(installation, schedule="0 0 1 1 *", suspend=False)
    eventually(lambda: installation.condition(NAME, "Ready").get("status") == "True", "ready")
    yield installation
    installation.cluster.kubectl("delete", "scheduledtask", NAME, "-n", SHOP, "--ignore-not-found")


def apply(installation: Installation, schedule: str, suspend: bool) -> None:
    shop = installation.objects("scheduledtasks")[0]["spec"]
    edits = {"taskID": NAME, "schedule": schedule, "timeZone": "UTC", "suspend": suspend}
    resource = {
        "apiVersion": "jvscheduler.dev/v1alpha1",
        "kind": "ScheduledTask",
        "metadata": {"name": NAME, "namespace": SHOP},
        "spec": {**shop, **edits},
    }
    installation.cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(resource))


def cron_job_spec(installation: Installation) -> dict[str, object]:
    spec: dict[str, object] = installation.object("cronjob", NAME)["spec"]
    return spec


def test_suspend_and_resume(task: Installation) -> None:
    apply(task, schedule="0 0 1 1 *", suspend=True)
    eventually(lambda: cron_job_spec(task)["suspend"] is True, "the CronJob suspended")
    eventually(lambda: task.condition(NAME, "Suspended").get("status") == "True", "Suspended")
    assert "nextScheduleTime" not in task.object("scheduledtask", NAME)["status"]
    apply(task, schedule="0 0 1 1 *", suspend=False)
    eventually(lambda: cron_job_spec(task)["suspend"] is False, "the CronJob resumed")


def test_an_edit_reaches_the_cronjob_and_fires_nothing_for_the_past(task: Installation) -> None:
    """The new schedule was due a minute ago; a bare CronJob would run that instant now."""
    eventually(lambda: age(task) > timedelta(seconds=65), "a task older than a minute", 90)
    past = datetime.now(UTC) - timedelta(minutes=1)
    schedule = f"{past.minute} {past.hour} * * *"
    apply(task, schedule=schedule, suspend=False)
    eventually(lambda: cron_job_spec(task)["schedule"] == schedule, "the edited schedule")
    eventually(lambda: next_time(task) > datetime.now(UTC) + timedelta(hours=23), "tomorrow")
    controller_has_synced(task)
    assert task.objects("jobs", **{TASK_LABEL: NAME}) == []


def test_delete_removes_the_cronjob(task: Installation) -> None:
    task.cluster.kubectl("delete", "scheduledtask", NAME, "-n", SHOP)
    eventually(lambda: task.objects("cronjobs", **{TASK_LABEL: NAME}) == [], "no CronJob")


def age(installation: Installation) -> timedelta:
    created = installation.object("cronjob", NAME)["metadata"]["creationTimestamp"]
    return datetime.now(UTC) - datetime.fromisoformat(created)


def next_time(installation: Installation) -> datetime:
    status = installation.object("scheduledtask", NAME)["status"]
    return datetime.fromisoformat(status["nextScheduleTime"])


def controller_has_synced(installation: Installation) -> None:
    """Made due this minute by hand, another CronJob shows that the controller came round."""
    jobs = len(installation.objects("jobs"))
    eventually(lambda: len(installation.objects("jobs")) != jobs, "another task's job", 90)
