"""Each edge at which another party's input comes in, and what must hold whatever that says.

An error that escapes fails the check. So does an effect on anything but the object itself.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jvscheduler.edge.bounded_json import read_json
from jvscheduler.history.decoding import row_of
from jvscheduler.history.errors import UndecodableRecord
from jvscheduler.history.records.jobs import from_record, to_context, to_record
from jvscheduler.history.records.merge import first_record
from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler.loop.execution.outcomes import outcome_of_end
from jvscheduler.outcomes import to_json
from jvscheduler.worker.messages import Ended, InvalidMessage, decode, encode
from jvscheduler_operator.cache.index import TaskIndex
from jvscheduler_operator.objects.manifests import key_of
from jvscheduler_server.api.job_answers import build_job
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.kubernetes import cluster
from jvscheduler_server.kubernetes.informer import Informer, Resource
from jvscheduler_server.repair.attempts.decide_pods import outcome_of_pod
from tests.hostile.strategies import anything, like
from tests.support.history.outcomes import NOON, begun, completed
from tests.support.history.stories import revision
from tests.support.operator.objects import stored_task
from tests.support.server.task_pods import kubernetes_pod, terminated

HONEST: Final = to_json(completed(begun()))
CLAIM: Final = begun()
END: Final = vars(Ended(CLAIM.attempt_id, {}, 1772452801.0, 1772452803.0, "completed"))
POD: Final = kubernetes_pod(terminated(1, "Error", json.dumps(HONEST)))
GOOD_POD: Final = kubernetes_pod(terminated(1, "Error"), uid="good", name="good", namespace="b")
EVENT_METADATA: Final = {
    "name": "e",
    "namespace": "shop",
    "uid": "e",
    "creationTimestamp": "2026-03-02T12:00:00Z",
}
EVENT: Final = {
    "metadata": EVENT_METADATA,
    "involvedObject": {"uid": "j"},
    "reason": "FailedCreate",
    "message": "exceeded quota",
}


@dataclass(frozen=True)
class Edge:
    name: str
    inputs: st.SearchStrategy[Any]
    judge: Callable[[Any], None]
    """Raises for an input that has more than its own effect."""


def informer_of(resource: Resource[Any]) -> Informer[Any]:
    nobody: Any = None
    return Informer(nobody, resource, lambda: None, lambda _, __: None, Backoff(1, 1))


def watch(resource: Resource[Any], good: Mapping[str, Any]) -> Callable[[Any], None]:
    """An informer lists the input beside a good object of another namespace."""
    expected = resource.convert(good)

    def judge(hostile: Any) -> None:
        informer = informer_of(resource)
        informer._replace([hostile, good])
        found = informer.items()
        assert expected in found
        assert len(found) <= 2
        for item in found:
            if isinstance(item, TaskPod) and item != expected:
                judge_pod(item)

    return judge


def judge_pod(pod: TaskPod) -> None:
    outcome = pod.reported or outcome_of_pod(pod, NOON)
    if outcome is not None:
        said = (outcome.job_id, outcome.namespace, outcome.attempt_id)
        assert said == (pod.job.id, pod.namespace, pod.name)
        assert len(json.dumps(to_json(outcome)).encode()) < 200_000
        first_record(outcome)


def judge_message(message: Any) -> None:
    text = message if isinstance(message, str) else as_text(message)
    pod = cluster.PODS.convert(kubernetes_pod(terminated(1, "Error", text)))
    assert pod is not None
    judge_pod(pod)


def as_text(value: Any) -> str:
    """Return the value as JSON of any depth: Python's own writer has a limit."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(k))}:{as_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_text, value)) + "]"
    return json.dumps(value) if not isinstance(value, int) or abs(value) < 10**4000 else "7"


def judge_bytes(raw: bytes) -> None:
    try:
        read_json(raw)
    except ValueError:
        return


def judge_line(message: Any) -> None:
    try:
        encode(decode(as_text(message).encode()))
    except InvalidMessage:
        return


def judge_end(end: Any) -> None:
    fields = {name: end.get(name) for name in END} if isinstance(end, dict) else END
    try:
        outcome = outcome_of_end(CLAIM, Ended(**fields))
    except ValueError:
        return
    assert (outcome.job_id, outcome.namespace) == (CLAIM.job_id, CLAIM.namespace)
    assert outcome.completion_time is not None
    assert CLAIM.start_time <= outcome.start_time <= outcome.completion_time
    assert len(json.dumps(to_json(outcome)).encode()) < 400_000


def judge_row(row: Any) -> None:
    stored = {**row, "id": "r"} if isinstance(row, dict) else row
    try:
        job = from_record(row_of("r", as_text(stored)))
    except UndecodableRecord:
        return
    if job.execution_time is not None:
        build_job(job, None).model_dump_json().encode()
    json.dumps(to_context(job), allow_nan=False, ensure_ascii=False).encode()


def judge_revision(row: Any) -> None:
    stored = {**row, "id": "r"} if isinstance(row, dict) else row
    try:
        found = ScheduleRevision.from_row(row_of("r", as_text(stored)))
    except UndecodableRecord:
        return
    assert isinstance(found.problem, str)
    found.starting_deadline()


def judge_task(task: Any) -> None:
    good, index = stored_task(name="good", namespace="b"), TaskIndex()
    index.replace([task, good], 99)
    assert index.get(key_of(good)) is not None
    assert len(index) <= 2


TASK: Final = stored_task()
GOOD_TASK: Final = stored_task(namespace="b", metadata={"uid": "good"})
GOOD_EVENT: Final = {**EVENT, "metadata": {**EVENT_METADATA, "namespace": "b", "uid": "good"}}
HELLO: Final = {"kind": "Hello", "worker_id": "w", "running": {"a": {}}}
BRACKETS: Final = st.text('[]{}",:a1', max_size=3000)
EDGES: Final = (
    Edge("messages", like(HONEST), judge_message),
    Edge("texts", st.binary(max_size=200) | BRACKETS.map(str.encode), judge_bytes),
    Edge("pods", like(POD), watch(cluster.PODS, GOOD_POD)),
    Edge("events", like(EVENT), watch(cluster.FAILED_CREATES, GOOD_EVENT)),
    Edge("tasks", like(TASK), watch(cluster.TASKS, GOOD_TASK)),
    Edge("answers", like({"kind": "Ended", **END}) | like(HELLO), judge_line),
    Edge("ends", like(END) | anything, judge_end),
    Edge("rows", like(to_record(first_record(completed(begun())))), judge_row),
    Edge("revisions", like(revision(0).to_row()), judge_revision),
    Edge("cache", like(TASK), judge_task),
)


def check(edge: Edge, examples: int, *, derandomize: bool) -> None:
    """Judge as many generated inputs of an edge. Raises for the first that is not harmless."""
    chosen = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
    )
    chosen(given(edge.inputs)(edge.judge))()
