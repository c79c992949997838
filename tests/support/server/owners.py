"""The Job, the CronJob and the ScheduledTask of the pod in `task_pods`, as the API server sends
them.
"""

from typing import Any

from jvscheduler import names
from tests.support.history.outcomes import begun
from tests.support.server.cron_jobs import kubernetes_cron_job
from tests.support.server.task_pods import TASK_NAME, reference

CREATED = "2026-03-02T11:00:00Z"
BY_CRON_JOB = reference("CronJob", TASK_NAME, "uid-cron-job")
BY_TASK = reference(names.KIND, TASK_NAME, "uid-task")


def stored_job(status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    annotations = {names.TASK_ID_ANNOTATION: "shop.tasks.restock"}
    return {
        "metadata": {
            "name": begun().job_name,
            "namespace": "shop",
            "uid": "uid-job",
            "resourceVersion": "7",
            "creationTimestamp": "2026-03-02T12:00:00Z",
            "labels": {names.TASK_LABEL: TASK_NAME},
            "ownerReferences": [BY_CRON_JOB],
            **metadata,
        },
        "spec": {"backoffLimit": 2, "template": {"metadata": {"annotations": annotations}}},
        "status": status or {},
    }


def stored_cron_job(**metadata: Any) -> dict[str, Any]:
    named = {"uid": "uid-cron-job", "resourceVersion": "7", "ownerReferences": [BY_TASK]}
    return kubernetes_cron_job(**(named | {"creationTimestamp": CREATED} | metadata))


def stored_owner(task_id: str = "shop.tasks.restock", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": TASK_NAME,
            "namespace": "shop",
            "uid": "uid-task",
            "resourceVersion": "7",
            "creationTimestamp": CREATED,
            **metadata,
        },
        "spec": {"taskID": task_id, "schedule": "hourly"},
    }
