"""What a tenant's pod leaves as its message reaches no other pod, task, namespace or log line."""

import asyncio
import logging
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler.edge.set_aside import counts
from jvscheduler.outcomes import Outcome, to_json, to_message
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.kubernetes.cluster import PODS
from jvscheduler_server.kubernetes.informer import Informer
from tests.support.history.outcomes import NOON, begun, completed
from tests.support.server.hostile_messages import mended_messages, refused_messages
from tests.support.server.in_memory import Served
from tests.support.server.scripted_api import Script
from tests.support.server.sweeps import Scene
from tests.support.server.task_pods import kubernetes_pod, terminated

HONEST = to_json(completed(begun()))
VICTIM = begun(
    job_id=names.scheduled_job_id("tenant-b", "b.payments", NOON),
    task_id="b.payments",
    namespace="tenant-b",
    job_name="b-payments-29540880",
    attempt_id="pod-of-b",
    retry_count=2,
    node_name="node-1",
)
REFUSED = list(refused_messages(HONEST))
MENDED = list(mended_messages(HONEST))
NO_OUTCOME = [("a long number", "9" * 4096), ("the end of a log", "Traceback: out of luck")]


def victims_pod(outcome: Outcome) -> dict[str, Any]:
    labels = {names.TASK_LABEL: "b-payments", names.JOB_NAME_LABEL: outcome.job_name}
    return kubernetes_pod(
        terminated(0, "Completed", to_message(outcome)),
        name=outcome.attempt_id,
        namespace="tenant-b",
        uid="uid-b",
        labels=labels,
        annotations={names.TASK_ID_ANNOTATION: "b.payments"},
    )


def watched(*pods: dict[str, Any]) -> Informer[TaskPod]:
    """An informer that has listed these pods."""

    async def run() -> Informer[TaskPod]:
        script = Script((list(pods), "10"))
        informer = Informer(script, PODS, lambda: None, lambda _, __: None, Backoff(0.0001, 0.001))
        task = asyncio.create_task(informer.run())
        await script.done.wait()
        task.cancel()
        await asyncio.wait([task])
        return informer

    return asyncio.run(run())


def repaired(informer: Informer[TaskPod]) -> Scene:
    """The history after one pass over these pods."""

    async def run() -> Scene:
        scene = Scene()
        scene.cluster.seen_pods = list(informer.items())
        await scene.sweeper.sweep()
        return scene

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "message"), [*REFUSED, *NO_OUTCOME], ids=[name for name, _ in [*REFUSED, *NO_OUTCOME]]
)
def test_a_message_that_is_no_outcome_of_its_pod_changes_nothing(
    name: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hostile = kubernetes_pod(terminated(1, "Error", message))
    informer = watched(hostile, victims_pod(completed(VICTIM)))
    history = repaired(informer)
    recorded = history.store.recorded
    assert [o for o in recorded if o.namespace == "tenant-b"] == [completed(VICTIM)]
    others = {(o.namespace, o.job_id, o.attempt_id, o.reason) for o in recorded}
    own = ("shop", begun().job_id, "pod-a", "ContainerFailed")
    assert others == {own, ("tenant-b", VICTIM.job_id, "pod-of-b", None)}
    assert counts() == ({} if name in dict(NO_OUTCOME) else {"termination messages": 1})
    assert not [r for r in caplog.records if "\n" in r.getMessage()]


@pytest.mark.parametrize("message", [text for _, text in MENDED], ids=[name for name, _ in MENDED])
def test_the_rest_of_an_outcome_counts_without_what_no_database_takes(message: str) -> None:
    informer = watched(kubernetes_pod(terminated(0, "Completed", message)))
    (own,) = repaired(informer).store.recorded
    assert (own.job_id, own.status) == (begun().job_id, "completed")
    assert (own.result, own.node_name, own.loop, own.retry_count) == (None, "node-1", None, 2)
    assert (own.error_message or "?") == "?"


def test_the_api_answers_with_every_pod_in_place() -> None:
    served = Served()
    pods = [
        kubernetes_pod(terminated(1, "Error", message), uid=name, name=f"pod-{n}")
        for n, (name, message) in enumerate(REFUSED)
    ]
    informer = watched(*pods, victims_pod(completed(VICTIM)))
    served.cluster.seen_pods = list(informer.items())
    served.record(completed(VICTIM))
    (job,) = served.get("/api/scheduler/jobs/recent", hours=24 * 365)["jobs"]
    assert (job["namespace"], job["pod"]["name"]) == ("tenant-b", "pod-of-b")
    scheduler = served.get("/api/scheduler/status")["scheduler"]
    assert scheduler["set_aside"] == len(REFUSED)
    assert scheduler["set_aside_by_kind"] == {"termination messages": len(REFUSED)}


def test_a_message_that_is_set_aside_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    pod = kubernetes_pod(terminated(1, "Error", "[" * 4096))
    watched(pod, pod, pod)
    (line,) = [r.getMessage() for r in caplog.records if "set aside" in r.getMessage()]
    assert "shop/pod-a" in line
