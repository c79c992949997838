"""A pod whose init container fails says which one, and how, and not only `PodInitializing`."""

from dataclasses import dataclass
from typing import Any

import pytest

from jvscheduler.causes import Cause, cause_of
from jvscheduler.outcomes import Reason
from jvscheduler_server.cluster.waits import wait_of_pod
from jvscheduler_server.kubernetes.pods import to_task_pod
from tests.support.server.task_pods import START, kubernetes_pod, running, waiting


@dataclass(frozen=True)
class Case:
    name: str
    status: dict[str, Any]
    reason: str | None
    message: str | None
    output: str | None = None


def init(name: str, **state: Any) -> dict[str, Any]:
    return {"name": name, "state": state}


RAN = {"reason": "Error", "startedAt": f"{START:%FT%TZ}"}
NEVER_RAN = {"exitCode": 128, "reason": "StartError", "startedAt": "1970-01-01T00:00:00Z"}

CASES = [
    Case(
        "an init container failed",
        {
            "phase": "Pending",
            **waiting("PodInitializing"),
            "initContainerStatuses": [
                init("first", terminated={"exitCode": 0, "reason": "Completed"}),
                init("migrate", terminated={**RAN, "exitCode": 3, "message": "no row 'tea'"}),
            ],
        },
        "Error",
        "the init container migrate ended with exit code 3",
        "no row 'tea'",
    ),
    Case(
        "an init container cannot be started",
        {
            **waiting("PodInitializing"),
            "initContainerStatuses": [
                init("migrate", terminated={**NEVER_RAN, "message": "no such file: /migrate"}),
            ],
        },
        "StartError",
        "the init container migrate ended with exit code 128: no such file: /migrate",
    ),
    Case(
        "an init container is started again and again",
        {
            **waiting("PodInitializing"),
            "initContainerStatuses": [
                {
                    **init("migrate", waiting={"reason": "CrashLoopBackOff", "message": "10s"}),
                    "lastState": {"terminated": {**RAN, "exitCode": 3, "message": "no 'tea'"}},
                }
            ],
        },
        "Error",
        "the init container migrate ended with exit code 3",
        "no 'tea'",
    ),
    Case(
        "an init container waits for its image",
        {
            **waiting("PodInitializing"),
            "initContainerStatuses": [
                init("first", waiting={"reason": "ErrImagePull", "message": "not found"}),
                init("second", waiting={"reason": "PodInitializing"}),
            ],
        },
        "ErrImagePull",
        "the init container first: not found",
    ),
    Case(
        "an init container works",
        {
            **waiting("PodInitializing"),
            "initContainerStatuses": [
                init("first", running={"startedAt": f"{START:%FT%TZ}"}),
                init("second", waiting={"reason": "PodInitializing"}),
            ],
        },
        "PodInitializing",
        "",
    ),
    Case(
        "a native sidecar was restarted",
        {
            **running(),
            "initContainerStatuses": [
                {
                    **init("proxy", waiting={"reason": "CrashLoopBackOff"}),
                    "lastState": {"terminated": {**RAN, "exitCode": 3, "message": "no 'tea'"}},
                }
            ],
        },
        None,
        None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pod_names_the_init_container_that_fails(case: Case) -> None:
    pod = to_task_pod(kubernetes_pod(case.status))
    assert pod is not None
    assert (pod.reason, pod.message, pod.output) == (case.reason, case.message, case.output)


def test_a_job_that_an_init_container_kept_from_starting_says_so() -> None:
    failed = {**CASES[0].status, "phase": "Failed"}
    pod = to_task_pod(kubernetes_pod(failed))
    assert pod is not None
    wait = wait_of_pod(pod)
    assert wait.reason is Reason.CONTAINER_FAILED
    assert wait.message.endswith(": Error: the init container migrate ended with exit code 3")
    assert cause_of(Reason.CONTAINER_FAILED, wait.message) is Cause.TASK
