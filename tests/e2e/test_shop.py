"""The happy line: a decorated function becomes a record that the API joins with its pod."""

from typing import Any

import pytest
import yaml

import shop.tasks
from jvscheduler.decorators import task_of
from jvscheduler.names import TASK_LABEL, resource_name
from jvscheduler.tasks import Task
from tests.e2e.installation import NAMESPACE, SHOP, Installation
from tests.support.waiting import eventually

TASKS = [task for value in vars(shop.tasks).values() if (task := task_of(value))]
EACH_MINUTE = [task for task in TASKS if task.schedule.cron == "* * * * *"]


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.task_id)
def test_each_task_has_a_cronjob_with_its_schedule(task: Task, installation: Installation) -> None:
    name = resource_name(task.task_id)
    eventually(lambda: installation.condition(name, "Ready").get("status") == "True", name)
    spec = installation.object("cronjob", name)["spec"]
    assert spec["schedule"] == task.schedule.cron
    assert spec["timeZone"] == task.schedule.time_zone


@pytest.mark.parametrize("task", EACH_MINUTE, ids=lambda t: t.task_id)
def test_a_due_task_is_completed_in_postgresql_and_joined_with_its_pod(
    task: Task, installation: Installation
) -> None:
    job = eventually(lambda: succeeded(installation, task.task_id), "a completed job")
    record = next(r for r in installation.records(task.task_id) if r["id"] == job["id"])
    assert record["status"] == "completed"
    assert record["duration_seconds"] > 0
    assert record["peak_memory_bytes"] > 10 * 2**20
    assert record["cpu_seconds"] > 0
    assert record["scheduled_time"].endswith(":00.000000+00:00")
    assert job["pod"]["name"] == record["pod_name"]
    assert job["pod"]["node"] == record["node_name"]
    assert job["pod"]["restarts"] == 0


def succeeded(installation: Installation, task_id: str) -> dict[str, Any] | None:
    """A completed job whose pod is seen to have ended, which comes a moment later."""
    jobs = installation.jobs(task_id, status="completed")
    return next((job for job in jobs if job["pod"]["phase"] == "Succeeded"), None)


def test_the_tasks_status_says_when_it_ran_and_when_it_will(installation: Installation) -> None:
    name = resource_name(EACH_MINUTE[0].task_id)

    def ran() -> dict[str, str]:
        status: dict[str, str] = installation.object("scheduledtask", name)["status"]
        assert status.get("lastScheduleTime")
        return status

    status = eventually(ran, "a last schedule time")
    assert status["nextScheduleTime"] > status["lastScheduleTime"]
    assert status["backend"] == "CronJob"


def test_kubectl_shows_the_tasks_in_columns(installation: Installation) -> None:
    shown = installation.cluster.kubectl("get", "jvscheduler", "-n", SHOP)
    header, *rows = shown.splitlines()
    assert header.split() == ["NAME", "SCHEDULE", "NEXT", "LAST", "RESULT", "READY"]
    assert len(rows) >= len(TASKS)


def test_the_status_endpoint_counts_what_ran(installation: Installation) -> None:
    eventually(lambda: installation.jobs(EACH_MINUTE[0].task_id, status="completed"), "a job")
    status = installation.get("/api/scheduler/status")
    statistics = status["job_statistics"]
    assert statistics["completed_jobs"] >= 1
    assert statistics["total_jobs"] >= statistics["completed_jobs"] + statistics["failed_jobs"]


def test_the_charts_pods_meet_the_restricted_standard(installation: Installation) -> None:
    """A dry run of the label makes the API server name every pod that would not."""
    label = "pod-security.kubernetes.io/enforce=restricted"
    checked = installation.cluster.kubectl(
        "label", "--dry-run=server", "--overwrite", "ns", NAMESPACE, label, "--output=name"
    )
    assert checked.strip() == f"namespace/{NAMESPACE}"
    warnings = installation.cluster.warnings(
        "label", "--dry-run=server", "--overwrite", "ns", NAMESPACE, label
    )
    assert warnings == []


def test_an_invalid_task_is_refused_at_apply(installation: Installation) -> None:
    resource = installation.object("scheduledtask", resource_name(TASKS[0].task_id))
    resource["metadata"] = {"name": "invalid", "namespace": SHOP}
    resource["spec"] |= {"schedule": "whenever it suits"}
    with pytest.raises(Exception, match="schedule"):
        installation.cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(resource))
    assert installation.objects("cronjobs", **{TASK_LABEL: "invalid"}) == []
