"""The CronJob that carries a task, built from its spec."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from jvscheduler import names
from jvscheduler.environment import NOT_RETRIED
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.schedules import Schedule
from jvscheduler_operator.objects.digests import with_digest
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.pod_templates.tasks import pod_template

SCHEDULE_FIELDS: Final = ("schedule", "timeZone")
"""The fields of a CronJob that say when it is due."""

ScheduleFields: TypeAlias = Mapping[str, Any]


def schedule_fields(schedule: Schedule) -> ScheduleFields | None:
    """None when cron cannot express the schedule."""
    if schedule.cron is None:
        return None
    return {"schedule": schedule.cron, "timeZone": schedule.time_zone}


def observed_schedule_fields(cron_job: Manifest) -> ScheduleFields:
    spec = cron_job["spec"]
    return {field: spec[field] for field in SCHEDULE_FIELDS if field in spec}


def build(
    task: Manifest,
    spec: ScheduledTaskSpec,
    schedule: ScheduleFields,
    log: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The CronJob for server-side apply. `log` are the variables that say how its pods log."""
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(task),
        "spec": _spec(spec, schedule, pod_template(task["metadata"]["name"], spec, log)),
    }
    return with_digest(manifest)


def _metadata(task: Manifest) -> dict[str, Any]:
    name = task["metadata"]["name"]
    # Garbage collection deletes the CronJob with the task, also while no operator
    # runs. A finalizer would block that deletion until an operator is back.
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


def _spec(
    spec: ScheduledTaskSpec, schedule: ScheduleFields, template: Mapping[str, Any]
) -> dict[str, Any]:
    fields = {
        **schedule,
        "suspend": spec.suspend,
        # The runner itself skips what is over the limit, and records it. With Forbid,
        # the controller would skip it, and no record would say so.
        "concurrencyPolicy": "Allow",
        "startingDeadlineSeconds": spec.starting_deadline_seconds,
        "successfulJobsHistoryLimit": spec.successful_jobs_history_limit,
        "failedJobsHistoryLimit": spec.failed_jobs_history_limit,
        "jobTemplate": _job_template(spec, template),
    }
    return {field: value for field, value in fields.items() if value is not None}


def _job_template(spec: ScheduledTaskSpec, template: Mapping[str, Any]) -> dict[str, Any]:
    label = {names.TASK_LABEL: template["metadata"]["labels"][names.TASK_LABEL]}
    return {
        "metadata": {"labels": label},
        "spec": {
            "backoffLimit": spec.backoff_limit,
            # A new pod only when the old one has ended: two attempts of one job must
            # not run side by side.
            "podReplacementPolicy": "Failed",
            **_failure_policy(spec),
            "template": template,
        },
    }


def _failure_policy(spec: ScheduledTaskSpec) -> dict[str, Any]:
    """The rule by which a Job makes no further pod after an exception of `noRetryOn`."""
    if not (spec.no_retry_on and spec.backoff_limit):
        return {}
    codes = {"containerName": names.TASK_CONTAINER, "operator": "In", "values": [NOT_RETRIED]}
    return {"podFailurePolicy": {"rules": [{"action": "FailJob", "onExitCodes": codes}]}}
