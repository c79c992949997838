"""The CronJob that carries a task: built from the spec, and told apart."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from jvscheduler import names
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.schedules import Schedule
from jvscheduler_operator.objects import drift
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.pod_templates.tasks import pod_template

When: TypeAlias = Mapping[str, Any]
"""The fields of a CronJob that say when it is due."""

_WHEN: Final = ("schedule", "timeZone")


def due(schedule: Schedule) -> When | None:
    """None: a CronJob cannot say it."""
    if schedule.cron is None:
        return None
    return {"schedule": schedule.cron, "timeZone": schedule.time_zone}


def due_as(child: Manifest) -> When:
    return {field: child["spec"][field] for field in _WHEN if field in child["spec"]}


def build(task: Manifest, spec: ScheduledTaskSpec, when: When) -> dict[str, Any]:
    """The CronJob as server-side apply takes it."""
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(task),
        "spec": _spec(task["metadata"]["name"], spec, when),
    }
    return drift.digested(manifest)


def is_controlled_by(child: Manifest, task: Manifest) -> bool:
    owner = controller_of(child)
    return owner is not None and owner.get("uid") == task["metadata"]["uid"]


def controller_of(child: Manifest) -> Manifest | None:
    owners = child["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), None)


def _metadata(task: Manifest) -> dict[str, Any]:
    name = task["metadata"]["name"]
    owner = {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "name": name,
        "uid": task["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "name": name,
        "namespace": task["metadata"]["namespace"],
        "labels": {names.TASK_LABEL: name},
        "ownerReferences": [owner],
    }


def _spec(name: str, spec: ScheduledTaskSpec, when: When) -> dict[str, Any]:
    fields = {
        **when,
        "suspend": spec.suspend,
        "concurrencyPolicy": "Allow",  # the runner skips, and records it; Forbid leaves no trace
        "startingDeadlineSeconds": spec.starting_deadline_seconds,
        "successfulJobsHistoryLimit": spec.successful_jobs_history_limit,
        "failedJobsHistoryLimit": spec.failed_jobs_history_limit,
        "jobTemplate": _job_template(name, spec),
    }
    return {field: value for field, value in fields.items() if value is not None}


def _job_template(name: str, spec: ScheduledTaskSpec) -> dict[str, Any]:
    return {
        "metadata": {"labels": {names.TASK_LABEL: name}},
        "spec": {
            "backoffLimit": spec.backoff_limit,
            "podReplacementPolicy": "Failed",
            "template": pod_template(name, spec),
        },
    }
