"""An image that is not built FROM the runner image runs tasks, or it is said what it lacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.cluster.plugin import Images
from tests.e2e.conftest import shell
from tests.e2e.installation import InNamespace, Installation
from tests.support.waiting import eventually

OWN = "own"
SECONDS = 180
NO_PACKAGE = {"env": [{"name": "PYTHONPATH", "value": "/nowhere"}]}
ABSENT = {"name": "absent", "key": "key"}
AS_NOBODY = {"securityContext": {"runAsUser": 65532}}


@dataclass(frozen=True)
class Fault:
    task: str
    text: str


FAULTS = [
    Fault("no-package", "jvscheduler is not installed for the image's python3"),
    Fault("no-python", 'no program "python3" in the image'),
]


def variant(resource: Mapping[str, Any], name: str, **spec: Any) -> dict[str, Any]:
    """The task under another name."""
    changed = {**resource["spec"], "taskID": name, **spec}
    return {**resource, "metadata": {**resource["metadata"], "name": name}, "spec": changed}


def with_task(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "task", **fields}]}}


@pytest.fixture(scope="module")
def own(installation: Installation, images: Images) -> Iterator[InNamespace]:
    kubectl = installation.cluster.kubectl
    kubectl("create", "namespace", OWN)
    kubectl("label", "ns", OWN, "pod-security.kubernetes.io/enforce=restricted")
    built = shell(
        f"cd tests/e2e/own_image && jvscheduler build warehouse.tasks --image {images.own} "
        f"--namespace {OWN}",
        installation.cluster,
    )
    beat, count = yaml.safe_load_all(built)
    tasks = [
        beat,
        count,
        variant(count, "no-package", template=with_task(**NO_PACKAGE)),
        variant(count, "no-python", image=images.postgresql, template=with_task(**AS_NOBODY)),
    ]
    no_secret = {"env": [{"name": "KEY", "valueFrom": {"secretKeyRef": ABSENT}}]}
    broken = [
        variant(beat, "no-image", image="shop:9"),
        variant(beat, "no-secret", template=with_task(**no_secret)),
    ]
    loops = [
        variant(task, f"{task['metadata']['name']}-loop", backend="Loop") for task in tasks[2:]
    ]
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([*tasks, *loops, *broken]))
    yield InNamespace(installation, OWN)
    kubectl("delete", "namespace", OWN, "--wait=false")


def job(own: InNamespace, task_id: str, status: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        jobs = own.get("/api/scheduler/jobs/recent", limit=1000)["jobs"]
        return next((j for j in jobs if (j["job_name"], j["status"]) == (task_id, status)), None)

    return eventually(found, f"a job of {task_id} that is {status}", SECONDS)


@pytest.mark.parametrize("task", ["count", "beat"])
def test_an_image_without_our_entrypoint_runs_tasks_of_both_backends(
    own: InNamespace, task: str
) -> None:
    found = job(own, f"warehouse.tasks.{task}", "completed")
    assert (found["loop"] is None) == (task == "count")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.task)
def test_the_record_of_a_job_says_what_its_image_lacks(own: InNamespace, fault: Fault) -> None:
    found = job(own, fault.task, "failed")
    assert found["reason"] == "RunnerNotFound"
    assert fault.text in found["error_message"]


def condition(own: InNamespace, name: str, kind: str, reason: str) -> str:
    """Wait until the task has this condition, and an Event about it. Returns the message."""

    def found() -> dict[str, Any] | None:
        status = own.installation.object("scheduledtask", name, OWN).get("status", {})
        conditions = [c for c in status.get("conditions", []) if c["type"] == kind]
        return conditions[0] if conditions and conditions[0]["reason"] == reason else None

    message: str = eventually(found, f"the condition of {name}", SECONDS)["message"]
    selector = f"involvedObject.name={name},reason={reason}"
    listing = ("get", "events", "-n", OWN, "--field-selector", selector, "-o", "name")
    eventually(lambda: own.installation.cluster.kubectl(*listing), f"the Event of {name}")
    return message


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.task)
def test_the_condition_of_a_task_says_what_its_image_lacks(own: InNamespace, fault: Fault) -> None:
    looped = condition(own, f"{fault.task}-loop", "Ready", "RunnerNotFound")
    assert f"container worker: {fault.text}" in looped
    assert fault.text in condition(own, fault.task, "Failing", "RunnerNotFound")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no-image", 'container worker: image "shop:9" '),
        ("no-secret", 'container worker: secret "absent" not found'),
    ],
)
def test_the_condition_of_a_loops_task_says_what_its_pod_waits_for(
    own: InNamespace, name: str, text: str
) -> None:
    assert text in condition(own, name, "Ready", "LoopFailing")
