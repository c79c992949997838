"""Why the pod of a loop does not come up: the first true reason, in words that stay the same."""

from dataclasses import dataclass
from typing import Any

import pytest

from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.pods import (
    PodProblem,
    is_waiting_in_silence,
    newest,
    problem_of,
)

NO_PYTHON = 'runc create failed: exec: "python3": executable file not found in $PATH: unknown'
NO_IMAGE = (
    'failed to pull and unpack image "docker.io/library/shop:9": failed to resolve reference '
    '"docker.io/library/shop:9": docker.io/library/shop:9: not found'
)
DENIED = (
    "pull access denied, repository does not exist or may require authorization: server message: "
    "insufficient_scope: authorization failed, not found"
)
AWAY = 'failed to pull image "shop:9": dial tcp: lookup registry.example: no such host'
TRACEBACK = "Traceback (most recent call last):\n  File …\nOSError: disk full"


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def ended(code: int, message: str = "", reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def container(name: str, state: dict[str, Any], last: dict[str, Any] | None = None) -> Manifest:
    status = {"name": name, "image": "shop:9", "state": state}
    return {**status, "lastState": last} if last else status


RUNNING: dict[str, Any] = {"running": {}}
CREATING = waiting("ContainerCreating")
LOOP_RUNS = container("loop", RUNNING)


def pod(*containers: Manifest, init: Manifest | None = None, **status: Any) -> Manifest:
    return {
        "metadata": {"name": "a-pod", "namespace": "shop", "uid": "1"},
        "status": {
            "containerStatuses": list(containers),
            "initContainerStatuses": [init] if init else [],
            **status,
        },
    }


@dataclass(frozen=True)
class Case:
    name: str
    pod: Manifest
    message: str
    lacks_runner: bool = False


CASES = [
    Case(
        "no such image",
        pod(LOOP_RUNS, container("worker", waiting("ErrImagePull", NO_IMAGE))),
        'container worker: image "shop:9" not found',
    ),
    Case(
        "no such image, between two tries",
        pod(
            container(
                "worker",
                waiting(
                    "ImagePullBackOff",
                    f'Back-off pulling image "shop:9": ErrImagePull: {NO_IMAGE}',
                ),
            )
        ),
        'container worker: image "shop:9" not found',
    ),
    Case(
        "a registry that asks for a password",
        pod(container("worker", waiting("ErrImagePull", DENIED))),
        f'container worker: image "shop:9" cannot be pulled: {DENIED}',
    ),
    Case(
        "a registry that is away",
        pod(container("worker", waiting("ErrImagePull", AWAY))),
        f'container worker: image "shop:9" cannot be pulled: {AWAY}',
    ),
    Case(
        "a registry that is away, between two tries",
        pod(container("worker", waiting("ImagePullBackOff", f"Back-off: ErrImagePull: {AWAY}"))),
        f'container worker: image "shop:9" cannot be pulled: {AWAY}',
    ),
    Case(
        "no such Secret",
        pod(container("worker", waiting("CreateContainerConfigError", 'secret "key" not found'))),
        'container worker: secret "key" not found',
    ),
    Case(
        "an image's name that is none",
        pod(container("worker", waiting("InvalidImageName"))),
        "container worker: InvalidImageName",
    ),
    Case(
        "no Python",
        pod(
            LOOP_RUNS,
            container(
                "worker", waiting("RunContainerError", NO_PYTHON), ended(128, reason="StartError")
            ),
        ),
        'container worker: no program "python3" in the image: the image needs Python 3.11 or newer '
        "with 'jvscheduler[runner]' installed",
        lacks_runner=True,
    ),
    Case(
        "no jvscheduler, between two restarts",
        pod(
            LOOP_RUNS,
            container(
                "worker",
                waiting("CrashLoopBackOff", "back-off 20s restarting failed container=worker"),
                ended(1, "python3: No module named jvscheduler.worker\n"),
            ),
        ),
        "container worker: jvscheduler is not installed for the image's python3: the image needs "
        "Python 3.11 or newer with 'jvscheduler[runner]' installed",
        lacks_runner=True,
    ),
    Case(
        "a container that crashed and runs again",
        pod(LOOP_RUNS, container("worker", RUNNING, ended(70, TRACEBACK))),
        "container worker: ended with exit code 70: OSError: disk full",
    ),
    Case(
        "too little memory",
        pod(container("worker", ended(137, reason="OOMKilled"))),
        "container worker: it used more memory than its limit allows",
    ),
    Case(
        "a loop that was ended because its worker does not start",
        pod(
            container("loop", waiting("CrashLoopBackOff"), ended(143, "stopping")),
            container("worker", waiting("CrashLoopBackOff"), ended(3, "no licence")),
        ),
        "container worker: ended with exit code 3: no licence",
    ),
    Case(
        "an init container that fails",
        pod(
            container("loop", waiting("PodInitializing")),
            container("worker", waiting("PodInitializing")),
            init=container("migrate", waiting("CrashLoopBackOff"), ended(2, "no table")),
        ),
        "container migrate: ended with exit code 2: no table",
    ),
    Case(
        "no node",
        pod(
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "message": "0/1 nodes: Insufficient cpu",
                }
            ]
        ),
        "no node takes the pod: 0/1 nodes: Insufficient cpu",
    ),
    Case(
        "evicted",
        pod(reason="Evicted", message="The node was low on resource: memory."),
        "pod a-pod: Evicted: The node was low on resource: memory.",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_pod_says_what_is_wrong(case: Case) -> None:
    assert problem_of(case.pod) == PodProblem(case.message, case.lacks_runner)


@pytest.mark.parametrize(
    "healthy",
    [
        pod(),
        pod(container("loop", CREATING), container("worker", CREATING)),
        pod(LOOP_RUNS, container("worker", RUNNING)),
        pod(LOOP_RUNS, init=container("migrate", ended(0, reason="Completed"))),
        pod(conditions=[{"type": "PodScheduled", "status": "True"}]),
    ],
)
def test_a_pod_that_only_starts_has_no_problem(healthy: Manifest) -> None:
    assert problem_of(healthy) is None


def test_a_volume_that_cannot_be_mounted_is_told_by_the_latest_event() -> None:
    silent = pod(container("loop", CREATING), container("worker", CREATING))
    assert is_waiting_in_silence(silent)
    assert not is_waiting_in_silence(pod(LOOP_RUNS, container("worker", CREATING)))
    assert not is_waiting_in_silence(pod())
    events = [
        {"type": "Warning", "message": "old", "lastTimestamp": "2026-03-02T12:00:00Z"},
        {"type": "Warning", "message": 'secret "key" not found', "lastTimestamp": "2026-03-02T13"},
        {"type": "Normal", "message": "Scheduled", "lastTimestamp": "2026-03-02T14:00:00Z"},
    ]
    assert problem_of(silent, events) == PodProblem('secret "key" not found')


def test_the_newest_pod_counts_that_is_not_being_deleted() -> None:
    def made(name: str, minute: int, **metadata: str) -> Manifest:
        created = f"2026-03-02T12:{minute:02}:00Z"
        return {"metadata": {"name": name, "creationTimestamp": created, **metadata}}

    old, new = made("old", 1), made("new", 2)
    going = made("going", 3, deletionTimestamp="2026-03-02T12:05:00Z")
    assert newest([new, going, old]) == new
    assert newest([going]) is None


def test_a_message_is_short_whatever_a_container_prints() -> None:
    found = problem_of(pod(container("worker", ended(1, "x" * 5000))))
    assert found is not None
    assert len(found.message.encode()) <= 600
