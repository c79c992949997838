"""Runs of a task on a real API server: a Job with one pod each. Tests play the operator, which
gives the task its CronJob, and the kubelet.
"""

import itertools
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jvscheduler import names
from jvscheduler.outcomes import Outcome, Status
from tests.cluster.api_server import NODE, ApiServer
from tests.support.waiting import eventually

NAMESPACE = "server-tests"
TASK_ID = "shop.tasks.restock"
TASK_NAME = "shop-tasks-restock"

MINUTES = itertools.count(int(datetime.now(UTC).timestamp()) // 60 - 30)


@dataclass(frozen=True)
class Run:
    """A Job of the task, due in a minute of its own, with one pod."""

    api_server: ApiServer
    job_name: str
    pod: str
    begun: Outcome

    def kubectl(self, *arguments: str) -> str:
        return self.api_server.kubectl("-n", self.begun.namespace, *arguments)

    def delete_pod(self) -> None:
        self.kubectl("delete", "pod", self.pod)

    def play(self, phase: str, state: dict[str, Any]) -> None:
        """Set the state of the pod's container, as a kubelet does."""
        container = {
            "name": names.TASK_CONTAINER,
            "image": "shop:1",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": state,
        }
        patch = json.dumps({"status": {"phase": phase, "containerStatuses": [container]}})
        self.kubectl("patch", "pod", self.pod, "--subresource=status", "-p", patch)

    def end(self, exit_code: int, reason: str, message: str = "") -> None:
        times = dict.fromkeys(("startedAt", "finishedAt"), f"{datetime.now(UTC):%FT%TZ}")
        state = {"exitCode": exit_code, "reason": reason, "message": message, **times}
        self.play("Failed" if exit_code else "Succeeded", {"terminated": state})


def a_run(
    api_server: ApiServer,
    scheduled: bool = False,
    ago: timedelta = timedelta(0),
    namespace: str = NAMESPACE,
) -> Run:
    """`scheduled`: the pod runs on the hollow node for ever. Else no kubelet sees it."""
    claim = next_claim(namespace)
    job = owned_job(api_server, claim.job_name, scheduled, namespace)
    apply(api_server, job, namespace)
    selector = f"--selector={names.JOB_NAME_LABEL}={claim.job_name}"
    query = ("-n", namespace, "get", "pods", selector, "-o", "jsonpath={.items[*].metadata.name}")
    pod = eventually(lambda: api_server.kubectl(*query).strip(), "the Job has made its pod")
    begun = replace(claim, attempt_id=pod, start_time=datetime.now(UTC) - ago)
    return Run(api_server, begun.job_name, pod, begun)


def next_claim(namespace: str) -> Outcome:
    """The claim of a job that is due in a minute of its own, by a pod that has no name yet."""
    minutes = next(MINUTES)
    due = datetime.fromtimestamp(minutes * 60, tz=UTC)
    return Outcome(
        job_id=names.scheduled_job_id(namespace, TASK_ID, due),
        task_id=TASK_ID,
        namespace=namespace,
        job_name=f"{TASK_NAME}-{minutes}",
        attempt_id="",
        status=Status.RUNNING,
        scheduled_time=due,
        start_time=datetime.now(UTC),
        node_name=NODE,
    )


def a_job_without_pods(api_server: ApiServer) -> tuple[str, str]:
    """Create a Job whose pods the API server refuses: their service account does not exist.

    Returns its name and the id of its record.
    """
    claim = next_claim(NAMESPACE)
    manifest = owned_job(api_server, claim.job_name, scheduled=False)
    manifest["spec"]["template"]["spec"]["serviceAccountName"] = "baker"
    apply(api_server, manifest, NAMESPACE)
    return claim.job_name, claim.job_id


def owned_job(
    api_server: ApiServer, name: str, scheduled: bool, namespace: str = NAMESPACE
) -> dict[str, Any]:
    """A Job of the task's CronJob."""
    manifest = job_manifest(name, scheduled)
    manifest["metadata"]["ownerReferences"] = [task_cron_job(api_server, namespace)]
    return manifest


def stored_task(
    api_server: ApiServer, namespace: str, name: str = TASK_NAME, task_id: str = TASK_ID
) -> dict[str, Any]:
    """Apply the ScheduledTask; return the reference of what it controls."""
    spec = {
        "taskID": task_id,
        "entrypoint": "shop.tasks:restock",
        "schedule": "daily at 12:00",
        "image": "shop:1",
    }
    manifest = {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": {"name": name}}
    return reference(apply(api_server, manifest | {"spec": spec}, namespace))


def task_cron_job(api_server: ApiServer, namespace: str) -> dict[str, Any]:
    """Apply the task and its CronJob; return the reference of what the CronJob controls."""
    labels = {names.TASK_LABEL: TASK_NAME}
    owner = stored_task(api_server, namespace)
    cron_job = apply(
        api_server,
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": TASK_NAME, "labels": labels, "ownerReferences": [owner]},
            "spec": {
                "schedule": "0 0 1 1 *",
                "suspend": True,
                # Its controller would delete the Jobs that have ended.
                "successfulJobsHistoryLimit": 100,
                "failedJobsHistoryLimit": 100,
                "jobTemplate": {"spec": job_manifest("", scheduled=False)["spec"]},
            },
        },
        namespace,
    )
    return reference(cron_job)


def reference(controller: dict[str, Any]) -> dict[str, Any]:
    """The owner reference of what this object controls."""
    return {
        "apiVersion": controller["apiVersion"],
        "kind": controller["kind"],
        "name": controller["metadata"]["name"],
        "uid": controller["metadata"]["uid"],
        "controller": True,
    }


def apply(api_server: ApiServer, manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return the object as the API server has it."""
    arguments = ("-n", namespace, "apply", "-o", "json", "-f", "-")
    stored: dict[str, Any] = json.loads(api_server.kubectl(*arguments, stdin=json.dumps(manifest)))
    return stored


def job_manifest(name: str, scheduled: bool) -> dict[str, Any]:
    labels = {names.TASK_LABEL: TASK_NAME}
    container = {"name": names.TASK_CONTAINER, "image": "shop:1"}
    spec = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "schedulerName": "default-scheduler" if scheduled else "nobody",
        "containers": [container],
    }
    annotations = {names.TASK_ID_ANNOTATION: TASK_ID}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {"backoffLimit": 0, "podReplacementPolicy": "Failed", "template": template},
    }
