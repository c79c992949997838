"""Pods of one job that was due at noon, as the API server sends them and as our values."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jvscheduler import names
from jvscheduler.environment import RETRY_COUNT
from jvscheduler.outcomes import Outcome
from jvscheduler_server.cluster.objects import JobIdentity, TaskPod
from jvscheduler_server.kubernetes.pods import to_task_pod
from tests.support.history.outcomes import NOON, begun

TASK_NAME = "shop-tasks-restock"
JOB = JobIdentity(
    id=begun().job_id,
    name=begun().job_name,
    task_id="shop.tasks.restock",
    task_name=TASK_NAME,
    scheduled_time=NOON,
)
START = NOON + timedelta(seconds=1)
END = NOON + timedelta(seconds=9)


def task_pod(**changes: Any) -> TaskPod:
    """A pod that runs since a second after noon."""
    base = TaskPod(
        uid="uid-a",
        name="pod-a",
        namespace="shop",
        job=JOB,
        created_time=NOON,
        phase="Running",
        node="node-1",
        started=True,
        start_time=START,
    )
    return replace(base, **changes)


def ended_pod(**changes: Any) -> TaskPod:
    """A pod whose container ended with exit code 1 and left no outcome."""
    ended = {"phase": "Failed", "finished": True, "completion_time": END, "exit_code": 1}
    return task_pod(**(ended | {"reason": "Error"} | changes))


def waiting_pod(**changes: Any) -> TaskPod:
    waiting = {"phase": "Pending", "started": False, "start_time": None, "reason": "ErrImagePull"}
    return task_pod(**(waiting | changes))


def reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    """The owner reference of what an object of this kind controls."""
    return {"kind": kind, "name": name, "uid": uid, "controller": True}


def kubernetes_pod(status: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "pod-a",
            "namespace": "shop",
            "uid": "uid-a",
            "resourceVersion": "7",
            "creationTimestamp": "2026-03-02T12:00:00Z",
            "labels": {
                names.TASK_LABEL: TASK_NAME,
                names.JOB_NAME_LABEL: begun().job_name,
            },
            "annotations": {names.TASK_ID_ANNOTATION: "shop.tasks.restock"},
            "ownerReferences": [reference("Job", begun().job_name, "uid-job")],
            **metadata,
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [
                {"name": "sidecar"},
                {"name": names.TASK_CONTAINER, "env": [{"name": RETRY_COUNT, "value": "2"}]},
            ],
        },
        "status": deepcopy(status),
    }


def running() -> dict[str, Any]:
    return _status("Running", {"running": {"startedAt": "2026-03-02T12:00:01Z"}})


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return _status("Pending", {"waiting": {"reason": reason, "message": message}})


def terminated(exit_code: int, reason: str, message: str = "") -> dict[str, Any]:
    state = {
        "exitCode": exit_code,
        "reason": reason,
        "message": message,
        "startedAt": "2026-03-02T12:00:01Z",
        "finishedAt": "2026-03-02T12:00:09Z",
    }
    return _status("Failed" if exit_code else "Succeeded", {"terminated": state})


def _status(phase: str, state: dict[str, Any]) -> dict[str, Any]:
    container = {"name": names.TASK_CONTAINER, "restartCount": 0, "state": state}
    return {"phase": phase, "containerStatuses": [{"name": "sidecar", "state": {}}, container]}


def last_attempt(outcome: Outcome) -> TaskPod:
    """A pod that ended and left this outcome as its termination message."""
    return ended_pod(name=outcome.attempt_id, uid=outcome.attempt_id, reported=outcome)


def converted(status: dict[str, Any], **metadata: Any) -> TaskPod:
    """The server's value of a pod with this status."""
    pod = to_task_pod(kubernetes_pod(status, **metadata))
    assert pod is not None
    return pod
