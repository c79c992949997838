"""The CronJob that carries a task: built from the spec, told apart, compared.

Its annotation holds a digest of what was built, which tells a spec that has
changed; the comparison with what is observed tells an edit by someone else.
Only what we set is compared: fields that the API server defaults, or that
another owner added, are none of ours.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jvscheduler import names
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.schedules import Schedule
from jvscheduler_operator.pods import pod_template
from jvscheduler_operator.state import Manifest

DIGEST: Final = f"{names.GROUP}/manifest-digest"
_LIST_KEYS: Final = ("uid", "mountPath", "devicePath", "containerPort", "name")


def build(task: Manifest, spec: ScheduledTaskSpec, schedule: Schedule) -> dict[str, Any]:
    """The CronJob as server-side apply takes it."""
    metadata, body = _metadata(task), _spec(task["metadata"]["name"], spec, schedule)
    text = json.dumps([metadata, body], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {**metadata, "annotations": {DIGEST: digest}},
        "spec": body,
    }


def is_controlled_by(child: Manifest, task: Manifest) -> bool:
    owner = controller_of(child)
    return owner is not None and owner.get("uid") == task["metadata"]["uid"]


def controller_of(child: Manifest) -> Manifest | None:
    owners = child["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), None)


def digest_of(manifest: Manifest) -> str | None:
    digest: str | None = manifest["metadata"].get("annotations", {}).get(DIGEST)
    return digest


def contains(observed: Any, desired: Any) -> bool:
    """Whether all that is desired is observed; more may be there."""
    if isinstance(desired, Mapping):
        return isinstance(observed, Mapping) and all(
            field in observed and contains(observed[field], value)
            for field, value in desired.items()
        )
    if isinstance(desired, list):
        return isinstance(observed, list) and _list_contains(observed, desired)
    return bool(observed == desired)


def _list_contains(observed: Sequence[Any], desired: Sequence[Any]) -> bool:
    key = _common_key([*observed, *desired])
    if key is None:
        return len(observed) == len(desired) and all(map(contains, observed, desired))
    by_key = {item[key]: item for item in observed}
    return all(item[key] in by_key and contains(by_key[item[key]], item) for item in desired)


def _common_key(items: Sequence[Any]) -> str | None:
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    return next((key for key in _LIST_KEYS if all(key in item for item in items)), None)


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


def _spec(name: str, spec: ScheduledTaskSpec, schedule: Schedule) -> dict[str, Any]:
    fields = {
        "schedule": schedule.cron,
        "timeZone": spec.time_zone,
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
