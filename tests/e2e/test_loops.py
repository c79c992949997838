"""Tasks that no CronJob carries: a loop's pod runs them, by the same suite as everywhere."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from jvscheduler.names import LOOP_CONTAINER, LOOP_LABEL, WORKER_CONTAINER
from tests.cluster.plugin import Images
from tests.contracts.behaviour import BehaviourContract
from tests.e2e.conftest import shell
from tests.e2e.installation import LOOPS, InNamespace, Installation
from tests.e2e.variables import CARD_VARIABLE, make_values, with_variables
from tests.support.waiting import eventually

PERIOD = "20"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
VARIABLES = ({"name": "BEHAVIOUR_PERIOD", "value": PERIOD}, CARD_VARIABLE)
SECONDS = 240
WITH_ITS_OWN_POD = "behaviour-tasks-reads-its-variables"


@pytest.fixture(scope="module")
def tasks(installation: Installation, images: Images) -> Iterator[list[str]]:
    kubectl = installation.cluster.kubectl
    kubectl("create", "namespace", LOOPS)
    kubectl("label", "ns", LOOPS, "pod-security.kubernetes.io/enforce=restricted")
    built = shell(
        f"cd tests/e2e/image && BEHAVIOUR_PERIOD={PERIOD} jvscheduler build behaviour.tasks "
        f"--image {images.faulty} --namespace {LOOPS}",
        installation.cluster,
    )
    make_values(installation.cluster, LOOPS)
    resources = [with_variables(r, *VARIABLES) for r in yaml.safe_load_all(built)]
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(resources))
    yield [resource["metadata"]["name"] for resource in resources]
    kubectl("delete", "namespace", LOOPS, "--wait=false")


class TestLoops(BehaviourContract):
    @pytest.fixture
    def service(self, installation: Installation, tasks: list[str]) -> InNamespace:
        assert len(tasks) == 22
        return InNamespace(installation, LOOPS)


def loop_of(installation: Installation, task: str) -> str:
    status = installation.object("scheduledtask", task, LOOPS)["status"]
    return str(status.get("loop", ""))


def completed(installation: Installation, task_id: str) -> list[dict[str, Any]]:
    recent = InNamespace(installation, LOOPS).get("/api/scheduler/jobs/recent", limit=1000)
    found = [job for job in recent["jobs"] if job["job_name"] == task_id]
    return [job for job in found if job["status"] == "completed"]


def until_completed_by(installation: Installation, task_id: str, loop: str) -> None:
    def by_it() -> bool:
        return any(job["loop"] == loop for job in completed(installation, task_id))

    eventually(by_it, f"{loop} has completed a job of {task_id}", SECONDS)


def test_all_tasks_share_one_pod_and_only_the_loops_container_has_a_token(
    installation: Installation, tasks: list[str]
) -> None:
    loops = {loop_of(installation, task) for task in tasks if task != WITH_ITS_OWN_POD}
    (loop,) = loops
    (pod,) = installation.objects("pod", LOOPS, **{LOOP_LABEL: loop})
    name = pod["metadata"]["name"]

    def has_token(container: str) -> str:
        script = f"import os; print(os.path.exists({ACCOUNT!r}))"
        where = ("-n", LOOPS, name, "-c", container, "--")
        return installation.cluster.kubectl("exec", *where, "python", "-c", script).strip()

    assert has_token(LOOP_CONTAINER) == "True"
    assert has_token(WORKER_CONTAINER) == "False"


def test_a_loop_may_read_scheduled_tasks_of_its_namespace_and_nothing_else(
    installation: Installation, tasks: list[str]
) -> None:
    assert tasks
    account = f"--as=system:serviceaccount:{LOOPS}:jvscheduler-loop"

    def may(*what: str) -> bool:
        return installation.cluster.answers("auth", "can-i", "--quiet", account, *what)

    assert may("watch", "scheduledtasks", "-n", LOOPS)
    assert not may("watch", "scheduledtasks", "-n", "default")
    assert not may("patch", "scheduledtasks", "-n", LOOPS)
    assert not may("get", "secrets", "-n", LOOPS)


def test_rollouts_deleted_pods_and_changes_of_backend_leave_no_gap(
    installation: Installation, tasks: list[str]
) -> None:
    """Judged over all tasks by `verify`, from before the first disruption."""
    assert tasks
    kubectl = installation.cluster.kubectl
    since = datetime.now(UTC).isoformat()
    task, task_id = "behaviour-tasks-returns", "behaviour.tasks.returns"

    def patch(spec: dict[str, Any]) -> None:
        body = json.dumps({"spec": spec})
        kubectl("patch", "scheduledtask", task, "-n", LOOPS, "--type=merge", "-p", body)

    before = loop_of(installation, task)
    resource = installation.object("scheduledtask", task, LOOPS)
    patch(with_variables(resource, {"name": "ROLLOUT", "value": "2"})["spec"])
    eventually(lambda: loop_of(installation, task) not in ("", before), "the rollout", SECONDS)
    after = loop_of(installation, task)
    until_completed_by(installation, task_id, after)
    kubectl("delete", "pod", "-n", LOOPS, "-l", f"{LOOP_LABEL}={before}", "--wait=false")
    patch({"schedule": "every minute", "backend": "CronJob"})
    eventually(lambda: loop_of(installation, task) == "", "a CronJob carries it", SECONDS)

    def by_a_pod() -> bool:
        return any(job["loop"] is None for job in completed(installation, task_id))

    eventually(by_a_pod, "a pod of its own has run it", SECONDS)
    patch({"backend": "Loop"})
    eventually(lambda: loop_of(installation, task) == after, "the loop has it again", SECONDS)
    known = len(completed(installation, task_id))
    eventually(lambda: len(completed(installation, task_id)) > known + 1, "it goes on", SECONDS)
    assert "no findings" in installation.verify(LOOPS, since)
