"""Runs of a task on a real API server: a Job with one pod each. Tests play the kubelet."""

import itertools
import json
from dataclasses import dataclass
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
        return self.api_server.kubectl("-n", NAMESPACE, *arguments)

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


def a_run(api_server: ApiServer, scheduled: bool = False, ago: timedelta = timedelta(0)) -> Run:
    """`scheduled`: the pod runs on the hollow node for ever. Else no kubelet sees it."""
    minutes = next(MINUTES)
    due = datetime.fromtimestamp(minutes * 60, tz=UTC)
    job_name = f"{TASK_NAME}-{minutes}"
    api_server.kubectl("create", "-f", "-", stdin=json.dumps(job_manifest(job_name, scheduled)))
    selector = f"--selector={names.JOB_NAME_LABEL}={job_name}"
    query = ("-n", NAMESPACE, "get", "pods", selector, "-o", "jsonpath={.items[*].metadata.name}")
    pod = eventually(lambda: api_server.kubectl(*query).strip(), "the Job has made its pod")
    begun = Outcome(
        job_id=names.scheduled_job_id(NAMESPACE, TASK_ID, due),
        task_id=TASK_ID,
        namespace=NAMESPACE,
        job_name=job_name,
        attempt_id=pod,
        status=Status.RUNNING,
        scheduled_time=due,
        start_time=datetime.now(UTC) - ago,
        node_name=NODE,
    )
    return Run(api_server, job_name, pod, begun)


def a_job_without_pods(api_server: ApiServer) -> tuple[str, str]:
    """Create a Job whose pods the API server refuses: their service account does not exist.

    Returns its name and the id of its record.
    """
    minutes = next(MINUTES)
    name = f"{TASK_NAME}-{minutes}"
    manifest = job_manifest(name, scheduled=False)
    manifest["spec"]["template"]["spec"]["serviceAccountName"] = "baker"
    api_server.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    due = datetime.fromtimestamp(minutes * 60, tz=UTC)
    return name, names.scheduled_job_id(NAMESPACE, TASK_ID, due)


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
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"backoffLimit": 0, "podReplacementPolicy": "Failed", "template": template},
    }
