"""What the server reads: the objects that it watches, termination messages, and who calls."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final

from starlette.datastructures import Headers

from jvscheduler.outcomes import to_json
from jvscheduler.testing.history import MemoryHistory
from jvscheduler_server.access.answers import UnreadableReview, read_access, read_token
from jvscheduler_server.access.callers import Caller
from jvscheduler_server.aggregation.front_proxy import NoFrontProxy, read_front_proxy
from jvscheduler_server.api.join import join
from jvscheduler_server.cluster.objects import TaskPod
from jvscheduler_server.kubernetes import cluster
from jvscheduler_server.kubernetes.cluster import WatchedKubernetesCluster
from jvscheduler_server.kubernetes.informer import Resource
from jvscheduler_server.kubernetes.informer_groups import InformerGroup
from jvscheduler_server.repair.attempts.decide_pods import outcome_of_pod
from jvscheduler_server.repair.sweeper import Sweeper
from tests.hostile.strategies import as_text
from tests.support.history.outcomes import NOON, begun, completed
from tests.support.server.owners import stored_cron_job, stored_job, stored_owner
from tests.support.server.task_pods import kubernetes_pod, terminated

NOW: Final = NOON + timedelta(minutes=1)
MESSAGE: Final = to_json(completed(begun()))
GOOD_NAMESPACE: Final = "b"
EVENT: Final = {
    "metadata": {
        "name": "e",
        "namespace": "shop",
        "uid": "uid-e",
        "resourceVersion": "7",
        "creationTimestamp": "2026-03-02T12:00:00Z",
    },
    "involvedObject": {"uid": "uid-job"},
    "reason": "FailedCreate",
    "message": "exceeded quota",
}
POD: Final = kubernetes_pod(terminated(1, "Error", json.dumps(MESSAGE)))
OBJECTS: Final[Mapping[str, tuple[Resource[Any], Any]]] = {
    "pods": (cluster.PODS, POD),
    "jobs": (cluster.JOBS, stored_job()),
    "cron jobs": (cluster.CRON_JOBS, stored_cron_job()),
    "tasks": (cluster.TASKS, stored_owner()),
    "events": (cluster.FAILED_CREATES, EVENT),
}
"""An honest object of each kind that is watched, all of one job."""
OWNERS: Final = {
    kind: {"ownerReferences": item["metadata"].get("ownerReferences", []), "uid": uid}
    for kind, uid, item in (
        ("pods", "uid-a", POD),
        ("jobs", "uid-job", stored_job()),
        ("cron jobs", "uid-cron-job", stored_cron_job()),
    )
}
"""What each object of a chain says of its owner."""


def of_another_tenant(item: Any) -> Any:
    """The same object in another namespace, with uids of its own."""
    text = json.dumps(item).replace('"uid-', '"good-uid-').replace('"shop"', f'"{GOOD_NAMESPACE}"')
    return json.loads(text)


GOOD: Final = {kind: of_another_tenant(item) for kind, (_, item) in OBJECTS.items()}
GOOD["pods"] |= {"status": terminated(1, "Error")}


def _groups(watched: WatchedKubernetesCluster) -> Mapping[str, InformerGroup[Any]]:
    return {
        "pods": watched._pods,
        "jobs": watched._jobs,
        "cron jobs": watched._cron_jobs,
        "tasks": watched._tasks,
        "events": watched._events[1],
    }


def _watched(lists: Mapping[str, Sequence[Any]]) -> WatchedKubernetesCluster:
    """A cluster whose first lists have these objects."""
    nobody: Any = None
    watched = WatchedKubernetesCluster(nobody, clock=lambda: NOW)
    for kind, group in _groups(watched).items():
        (informer,) = group.informers
        informer._replace(lists[kind])
    return watched


_loop: Final = asyncio.new_event_loop()


def judge_cluster(lists: Mapping[str, Sequence[Any]]) -> None:
    """The lists have the objects of an honest tenant, and hostile ones. All are swept."""
    watched = _watched(lists)
    store = MemoryHistory()
    sweeper = Sweeper(store, watched, lambda: NOW)
    _loop.run_until_complete(sweeper.sweep())
    jobs = {job.namespace: job for job in store._jobs.values()}
    # The honest pod ended with an error. Its record says so, whatever the others say.
    assert jobs[GOOD_NAMESPACE].reason == "ContainerFailed"
    assert set(jobs) <= {GOOD_NAMESPACE, "shop", *_namespaces(lists)}
    assert len(watched.tasks()) <= 2
    assert any(pod.namespace == GOOD_NAMESPACE for pod in watched.pods())
    assert len(join(list(store._jobs.values()), watched.pods(), [], 10)) == len(store._jobs)
    for pod in watched.pods():
        judge_pod(pod)


def _namespaces(lists: Mapping[str, Sequence[Any]]) -> set[str]:
    items = [item for found in lists.values() for item in found if isinstance(item, dict)]
    found = (item.get("metadata") for item in items)
    said = (metadata.get("namespace") for metadata in found if isinstance(metadata, dict))
    return {namespace for namespace in said if isinstance(namespace, str)}


def listed(kind: str) -> Callable[[Any], None]:
    """A hostile object of this kind, beside honest ones of all kinds. It is watched, too."""

    def judge(hostile: Any) -> None:
        lists = {k: [GOOD[k], item] for k, (_, item) in OBJECTS.items()}
        judge_cluster(lists | {kind: [hostile, GOOD[kind]]})
        judge_event(kind, hostile)

    return judge


def judge_event(kind: str, hostile: Any) -> None:
    """A watch says that the honest object of a tenant is a hostile one now, and then gone."""
    watched = _watched({k: [GOOD[k], item] for k, (_, item) in OBJECTS.items()})
    (informer,) = _groups(watched)[kind].informers
    if not (isinstance(hostile, dict) and isinstance(hostile.get("metadata"), dict)):
        return
    # The API server gives each object both.
    named = hostile | {"metadata": {**hostile["metadata"], "resourceVersion": "8"}}
    for change in ("MODIFIED", "DELETED"):
        informer._apply({"type": change, "object": named})
    assert len(informer.items()) in (1, 2)
    assert any(pod.namespace == GOOD_NAMESPACE for pod in watched.pods())
    assert all(p.namespace != GOOD_NAMESPACE for p in watched.deleted_pods()) or _is_of(
        named, GOOD_NAMESPACE
    )


def _is_of(item: Any, namespace: str) -> bool:
    return bool(item["metadata"].get("namespace") == namespace)


def judge_chain(owners: Any) -> None:
    """The objects of a chain say anything of their owners, and of who they are."""
    lists = {k: [GOOD[k], deepcopy(item)] for k, (_, item) in OBJECTS.items()}
    for kind, said in owners.items() if isinstance(owners, dict) else ():
        if kind in lists and isinstance(said, dict):
            lists[kind][1]["metadata"].update(said)
    judge_cluster(lists)


def judge_pod(pod: TaskPod) -> None:
    outcome = pod.reported or outcome_of_pod(pod, NOW)
    if outcome is not None:
        said = (outcome.job_id, outcome.namespace, outcome.attempt_id)
        assert said == (pod.job.id, pod.namespace, pod.name)
        assert len(json.dumps(to_json(outcome)).encode()) < 200_000


def judge_message(message: Any) -> None:
    text = message if isinstance(message, str) else as_text(message)
    pod = cluster.PODS.convert(kubernetes_pod(terminated(1, "Error", text)))
    assert pod is not None
    judge_pod(pod)


USER: Final = {
    "username": "ada",
    "uid": "u",
    "groups": ["cooks"],
    "extra": {"authentication.kubernetes.io/credential-id": ["JTI=1"]},
}
REVIEW: Final = {"authenticated": True, "audiences": ["jvscheduler"], "user": USER}
RIGHTS: Final = {"allowed": True, "denied": False, "reason": "RBAC"}


def judge_review(status: Any) -> None:
    """The answer says whose a token is, or nothing. It never lets in somebody without a name."""
    try:
        caller = read_token(status).caller
    except UnreadableReview:
        return
    if caller is not None:
        _judge_caller(caller)


def _judge_caller(caller: Caller) -> None:
    assert caller.name
    hash(caller)
    assert all(isinstance(group, str) for group in caller.groups)
    json.dumps({"groups": caller.groups, "extra": caller.extra}).encode()


def judge_rights(status: Any) -> None:
    try:
        allowed = read_access(status)
    except UnreadableReview:
        return
    assert allowed is False or (status["allowed"] is True and status.get("denied") is not True)


FRONT_PROXY: Final = {
    "requestheader-client-ca-file": "PEM",
    "requestheader-allowed-names": '["front-proxy-client"]',
    "requestheader-username-headers": '["X-Remote-User"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
}
_HEADERS: Final = Headers(
    raw=[(b"x-remote-user", b"ada"), (b"x-remote-group", b"cooks"), (b"x-remote-extra-a", b"1")]
)


def judge_front_proxy(data: Any) -> None:
    try:
        proxy = read_front_proxy(data if isinstance(data, dict) else {})
    except NoFrontProxy:
        return
    assert proxy.user_headers
    # A list that cannot be read must not become the empty one, which stands for any name.
    said = data.get("requestheader-allowed-names")
    assert proxy.names or not said or json.loads(said) == []
    caller = proxy.caller(_HEADERS)
    if caller is not None:
        _judge_caller(caller)


HEADERS: Final = {"x-remote-user": "ada", "x-remote-group": "cooks", "x-remote-extra-a%2f": "1"}


def judge_headers(said: Any) -> None:
    """What a caller sends through the API server beside its own headers, in any order."""
    fields = said if isinstance(said, dict) else {}
    raw = [(_latin(name), _latin(value)) for name, value in fields.items()]
    caller = read_front_proxy(FRONT_PROXY).caller(Headers(raw=raw))
    if caller is not None:
        _judge_caller(caller)


def _latin(value: Any) -> bytes:
    """As a header arrives: uvicorn has lowered the names, and bytes are Latin-1."""
    return (value if isinstance(value, str) else "x").lower().encode("latin-1", "replace")
