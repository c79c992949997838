"""Kubernetes' pods, Jobs and ScheduledTasks as the server's values."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler.outcomes import Reason, to_message
from jvscheduler_server.cluster.objects import KubernetesJob, StartFailure
from jvscheduler_server.kubernetes.events import to_start_failure
from jvscheduler_server.kubernetes.jobs import to_kubernetes_job
from jvscheduler_server.kubernetes.pods import to_task_pod
from tests.support.history.outcomes import NOON, begun, completed, failed
from tests.support.server.task_pods import (
    END,
    JOB,
    START,
    converted,
    kubernetes_pod,
    running,
    terminated,
    waiting,
)

DISRUPTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "EvictionByEvictionAPI",
    "message": "Eviction API: evicting",
}
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available",
}


def test_a_pod_is_of_the_job_that_the_runner_claims() -> None:
    pod = converted(running())
    assert pod.job.id == names.scheduled_job_id("shop", "shop.tasks.restock", NOON)
    assert (pod.job.scheduled_time, pod.start_time, pod.node) == (NOON, START, "node-1")
    assert pod.retry_count == 2


def test_a_pod_of_a_job_made_by_hand_has_no_scheduled_time() -> None:
    labels = {names.TASK_LABEL: "shop-tasks-restock", names.JOB_NAME_LABEL: "by-hand"}
    pod = converted(running(), labels=labels)
    assert pod.job.scheduled_time is None
    assert pod.job.id == names.manual_job_id("shop", "shop.tasks.restock", "by-hand")


@pytest.mark.parametrize("missing", ["labels", "annotations"])
def test_a_pod_that_no_job_of_a_task_created_is_left_out(missing: str) -> None:
    assert to_task_pod(kubernetes_pod(running(), **{missing: {}})) is None


@dataclass(frozen=True)
class Case:
    name: str
    status: dict[str, Any]
    reason: str | None
    message: str | None = None
    started: bool = False
    finished: bool = False
    exit_code: int | None = None
    disruption: str | None = None
    output: str | None = None


CASES = [
    Case("just made", {"phase": "Pending"}, None),
    Case("running", running(), None, started=True),
    Case(
        "no node has room",
        {"phase": "Pending", "conditions": [UNSCHEDULABLE]},
        "Unschedulable",
        "0/1 nodes are available",
    ),
    Case("pulling", waiting("ErrImagePull", "not found"), "ErrImagePull", "not found"),
    Case(
        "a ConfigMap is missing",
        waiting("CreateContainerConfigError", 'configmap "prices" not found'),
        "CreateContainerConfigError",
        'configmap "prices" not found',
    ),
    Case(
        "killed for its memory",
        terminated(137, "OOMKilled", "card 4711"),
        "OOMKilled",
        output="card 4711",
        started=True,
        finished=True,
        exit_code=137,
    ),
    Case(
        "completed",
        terminated(0, "Completed", to_message(completed(begun()))),
        "Completed",
        started=True,
        finished=True,
        exit_code=0,
    ),
    Case(
        "evicted by its node",
        {**terminated(137, "Error"), "reason": "Evicted", "message": "low on memory"},
        "Evicted",
        "low on memory",
        started=True,
        finished=True,
        exit_code=137,
    ),
    Case(
        "evicted before it had a container",
        {"phase": "Failed", "reason": "Evicted", "message": "low on disk"},
        "Evicted",
        "low on disk",
        finished=True,
    ),
    Case(
        "evicted by the API",
        {**running(), "conditions": [DISRUPTED]},
        None,
        started=True,
        disruption="Eviction API: evicting",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pod_has_its_state_and_one_reason(case: Case) -> None:
    pod = converted(case.status)
    assert (pod.phase, pod.reason, pod.message) == (case.status["phase"], case.reason, case.message)
    assert (pod.started, pod.finished, pod.exit_code) == (
        case.started,
        case.finished,
        case.exit_code,
    )
    assert (pod.disruption, pod.output) == (case.disruption, case.output)


def test_a_container_that_could_not_be_started_has_no_start_in_1970() -> None:
    status = terminated(128, "StartError", 'exec: "python3": executable file not found in $PATH')
    status["startTime"] = "2026-03-02T03:00:01Z"
    status["containerStatuses"][1]["state"]["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"
    pod = converted(status)
    assert (pod.started, pod.finished, pod.exit_code) == (False, True, 128)
    assert pod.start_time == datetime(2026, 3, 2, 3, 0, 1, tzinfo=UTC)


def test_an_ended_pod_has_the_times_of_its_container() -> None:
    pod = converted(terminated(1, "Error"))
    assert (pod.start_time, pod.completion_time) == (START, END)


def test_the_outcome_that_the_runner_left_is_read() -> None:
    outcome = failed(begun(retry_count=2, node_name="node-1"))
    assert converted(terminated(1, "Error", to_message(outcome))).reported == outcome


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("Traceback: out of luck", "is the log's end"),
        ("{}", "is empty"),
        (to_message(begun()), "is only the beginning"),
        (
            to_message(replace(completed(begun()), job_id="o.ScheduledJob.other")),
            "is another job's",
        ),
    ],
    ids=lambda text: text if text.startswith("is ") else "",
)
def test_a_message_that_is_not_this_jobs_outcome_is_ignored(message: str, why: str) -> None:
    assert converted(terminated(1, "Error", message)).reported is None, why


def test_a_retry_count_that_is_no_number_counts_as_none() -> None:
    pod = kubernetes_pod(running())
    pod["spec"]["containers"][1]["env"][0]["value"] = "two"
    converted_pod = to_task_pod(pod)
    assert converted_pod is not None
    assert converted_pod.retry_count == 0


@pytest.mark.parametrize(
    ("conditions", "completed", "failed"),
    [
        ([], False, False),
        ([{"type": "FailureTarget", "status": "True"}], False, False),
        ([{"type": "Failed", "status": "False"}], False, False),
        ([{"type": "Failed", "status": "True"}], False, True),
        ([{"type": "Complete", "status": "True"}], True, False),
    ],
)
def test_a_job_is_finished_when_its_conditions_say_so(
    conditions: list[dict[str, str]], completed: bool, failed: bool
) -> None:
    job = {
        "metadata": {"name": "restock-1", "namespace": "shop"},
        "status": {"conditions": conditions},
    }
    finished = completed or failed
    expected = KubernetesJob("restock-1", "shop", finished, completed=completed, failed=failed)
    assert to_kubernetes_job(job) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DeadlineMissed", Reason.DEADLINE_MISSED),
        ("ConcurrencyLimit", Reason.CONCURRENCY_LIMIT),
        ("TaskRaised", None),
        ("anything", None),
    ],
)
def test_only_what_the_operator_writes_says_that_a_job_was_given_up(
    text: str, expected: Reason | None
) -> None:
    metadata = {"name": "j", "namespace": "n", "annotations": {names.GIVEN_UP_ANNOTATION: text}}
    assert to_kubernetes_job({"metadata": metadata}).given_up is expected


def test_a_job_has_the_id_of_its_record_as_its_pods_have() -> None:
    template = {"metadata": {"annotations": {names.TASK_ID_ANNOTATION: "shop.tasks.restock"}}}
    job = {
        "metadata": {
            "name": begun().job_name,
            "namespace": "shop",
            "labels": {names.TASK_LABEL: "shop-tasks-restock"},
        },
        "spec": {"template": template, "backoffLimit": 2},
    }
    found = to_kubernetes_job(job)
    assert (found.identity, found.retry_count) == (JOB, 2)


def test_an_event_says_why_a_job_has_no_pod() -> None:
    event = {
        "metadata": {
            "name": "restock.1",
            "namespace": "shop",
            "creationTimestamp": "2026-03-02T12:00:00Z",
        },
        "involvedObject": {"kind": "Job", "uid": "uid-j"},
        "reason": "FailedCreate",
        "message": "exceeded quota",
        "firstTimestamp": "2026-03-02T12:00:01Z",
        "lastTimestamp": "2026-03-02T12:00:09Z",
    }
    assert to_start_failure(event) == StartFailure(
        "shop", "uid-j", "FailedCreate", "exceeded quota", END, START
    )
    newer = {
        **event,
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": "2026-03-02T12:00:01.000000Z",
    }
    found = to_start_failure(newer)
    assert found is not None
    assert found.last_time == START
    assert to_start_failure({**event, "involvedObject": {}}) is None


def test_a_job_that_is_being_deleted_makes_no_further_attempt() -> None:
    metadata = {"name": "j", "namespace": "n", "deletionTimestamp": "2026-03-02T12:00:30Z"}
    assert to_kubernetes_job({"metadata": metadata}).finished
