"""CronJobs of one task, as the API server sends them and as our values."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jvscheduler import names
from jvscheduler.environment import MAX_CONCURRENT
from jvscheduler_server.cluster.objects import TaskCronJob
from tests.support.history.outcomes import NOON

TASK_ID, TASK_NAME = "shop.tasks.restock", "shop-tasks-restock"
KEY = ("shop", TASK_ID)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def cron_job(**changes: Any) -> TaskCronJob:
    """A CronJob that is due every five minutes since noon."""
    base = TaskCronJob(
        name=TASK_NAME,
        namespace="shop",
        task_id=TASK_ID,
        schedule="*/5 * * * *",
        created_time=NOON,
        changed_time=NOON,
    )
    return replace(base, **changes)


def kubernetes_cron_job(spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    env = [{"name": MAX_CONCURRENT, "value": "3"}]
    template = {
        "metadata": {"annotations": {names.TASK_ID_ANNOTATION: TASK_ID}},
        "spec": {"containers": [{"name": "sidecar"}, {"name": names.TASK_CONTAINER, "env": env}]},
    }
    return {
        "metadata": {
            "name": TASK_NAME,
            "namespace": "shop",
            "uid": "uid-c",
            "creationTimestamp": "2026-03-02T12:00:00Z",
            "managedFields": [
                {"manager": "jvscheduler-operator", "time": "2026-03-02T12:07:09Z"},
                {
                    "manager": "kube-controller-manager",
                    "time": "2026-03-02T12:35:00Z",
                    "subresource": "status",
                },
            ],
            **metadata,
        },
        "spec": {
            "schedule": "*/5 * * * *",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {"template": template}},
            **(spec or {}),
        },
        "status": {"lastScheduleTime": "2026-03-02T12:35:00Z"},
    }
