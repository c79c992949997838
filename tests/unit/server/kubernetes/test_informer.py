"""The informer after lists, events, 410 Gone and failures of the API server."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from jvscheduler.edge.set_aside import counts
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.kubernetes import cluster as kubernetes_cluster
from jvscheduler_server.kubernetes.cluster import WatchedKubernetesCluster
from jvscheduler_server.kubernetes.fields import Json
from jvscheduler_server.kubernetes.informer import (
    ApiServerUnavailable,
    Informer,
    Resource,
    ResourceVersionExpired,
)
from tests.support.history.outcomes import NOON
from tests.support.server.owners import stored_job
from tests.support.server.scripted_api import Script
from tests.support.server.task_pods import kubernetes_pod, running, terminated
from tests.support.server.watched import ApiServer, until, with_cluster

THINGS: Resource[str] = Resource("/things", lambda item: item["metadata"]["name"])


def thing(name: str, version: int = 1) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": str(version)}}


def event(kind: str, name: str, version: int) -> dict[str, Any]:
    return {"type": kind, "object": thing(name, version)}


class Played:
    """An informer whose API server has played its script to the end."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.gone: list[tuple[str, bool]] = []
        self.changes = 0
        self.informer = Informer(
            script,
            THINGS,
            self._changed,
            lambda item, vanished: self.gone.append((item, vanished)),
            Backoff(0.0001, 0.001),
        )

    def _changed(self) -> None:
        self.changes += 1

    async def play(self) -> "Played":
        task = asyncio.create_task(self.informer.run())
        await self.script.done.wait()
        task.cancel()
        await asyncio.wait([task])
        return self


def played(*answers: object) -> Played:
    async def run() -> Played:
        return await Played(Script(*answers)).play()

    return asyncio.run(run())


def test_it_lists_and_then_watches_from_the_lists_version() -> None:
    result = played(
        ([thing("a"), thing("b")], "10"),
        [event("ADDED", "c", 11), event("DELETED", "a", 12)],
    )
    assert result.informer.items() == ("b", "c")
    assert result.gone == [("a", False)]
    assert result.script.asked == ["list", "watch 10", "watch 12"]
    assert result.changes == 3


def test_a_bookmark_moves_the_version_and_changes_nothing() -> None:
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "99"}}}
    result = played(([thing("a")], "10"), [bookmark])
    assert result.script.asked[-1] == "watch 99"
    assert (result.informer.items(), result.changes) == (("a",), 1)


def test_after_410_gone_it_lists_again_and_reports_what_vanished() -> None:
    result = played(
        ([thing("a"), thing("b")], "10"),
        [event("MODIFIED", "a", 11), ResourceVersionExpired("too old resource version")],
        ([thing("b")], "50"),
    )
    assert result.script.asked == ["list", "watch 10", "list", "watch 50"]
    assert (result.informer.items(), result.gone) == (("b",), [("a", True)])


def test_an_api_server_that_is_away_is_asked_again_from_the_same_version() -> None:
    away = ApiServerUnavailable("connection refused")
    result = played(away, away, ([thing("a")], "10"), away, away, [event("ADDED", "b", 11)])
    assert result.script.asked == ["list"] * 3 + ["watch 10"] * 3 + ["watch 11"]
    assert result.informer.items() == ("a", "b")


def test_it_keeps_its_objects_while_the_api_server_is_away() -> None:
    expired, away = ResourceVersionExpired("gone"), ApiServerUnavailable("away")
    result = played(([thing("a")], "10"), expired, away)
    assert (result.informer.items(), result.informer.synced, result.gone) == (("a",), True, [])


def test_it_is_not_synced_before_the_first_list() -> None:
    assert not played(ApiServerUnavailable("away")).informer.synced


def test_a_fault_makes_it_list_again(caplog: pytest.LogCaptureFixture) -> None:
    result = played(([thing("a")], "10"), [{"type": "ADDED"}], ([thing("b")], "20"))
    assert result.informer.items() == ("b",)
    assert "listing again after a fault" in caplog.text


def test_an_object_that_cannot_be_read_is_reported_and_hides_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nameless = {"metadata": {"uid": "uid-x", "name": "x", "resourceVersion": "1"}}

    def convert(item: Mapping[str, Any]) -> str:
        if item["metadata"]["name"] == "x":
            raise KeyError("spec")
        return str(item["metadata"]["name"])

    async def run() -> Informer[str]:
        script = Script(([nameless, thing("a")], "10"))
        played_script = Played(script)
        played_script.informer = Informer(
            script,
            Resource("/things", convert),
            lambda: None,
            lambda _, __: None,
            Backoff(0.0001, 0.001),
        )
        return (await played_script.play()).informer

    assert asyncio.run(run()).items() == ("a",)
    assert "things: ?/x is set aside: KeyError('spec')" in caplog.text


def test_a_deleted_object_whose_last_state_cannot_be_read_is_gone_as_it_was_before() -> None:
    broken = thing("a", 12)
    del broken["metadata"]["name"]
    result = played(([thing("a"), thing("b")], "10"), [{"type": "DELETED", "object": broken}])
    assert (result.informer.items(), result.gone) == (("b",), [("a", True)])
    assert (counts(), result.script.asked[-1]) == ({"things": 1}, "watch 12")


def test_a_cluster_is_synced_when_pods_jobs_and_tasks_are_listed() -> None:
    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        assert [pod.name for pod in cluster.pods()] == ["pod-a"]

    with_cluster(ApiServer([kubernetes_pod(running())]), scene)


def test_each_watched_namespace_is_listed_by_itself() -> None:
    listed: list[str] = []

    class Scoped(ApiServer):
        async def list(self, resource: Resource[Any]) -> tuple[Sequence[Json], str]:
            listed.append(resource.path)
            return (), "1"

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        assert "/api/v1/namespaces/one/pods" in listed
        assert "/apis/batch/v1/namespaces/two/jobs" in listed
        assert {path.split("/namespaces/")[1].split("/")[0] for path in listed} == {"one", "two"}

    with_cluster(Scoped(), scene, ["one", "two"])


def test_a_deleted_pod_is_kept_as_it_was_last_seen_until_it_is_forgotten() -> None:
    server = ApiServer([kubernetes_pod(running())])

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        last = kubernetes_pod(terminated(137, "OOMKilled"))
        server.pod_events.put_nowait({"type": "DELETED", "object": last})
        await until(lambda: bool(cluster.deleted_pods()), cluster)
        (pod,) = cluster.deleted_pods()
        assert (pod.reason, pod.deleted, pod.vanished) == ("OOMKilled", True, False)
        assert cluster.pods() == ()
        cluster.forget([pod])
        assert cluster.deleted_pods() == ()

    with_cluster(server, scene)


def test_a_pod_keeps_the_time_at_which_its_deletion_was_asked_for() -> None:
    server = ApiServer([kubernetes_pod(running(), deletionTimestamp="2026-03-02T12:00:08Z")])

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        last = kubernetes_pod(terminated(0, "Done"), deletionTimestamp="2026-03-02T12:00:10Z")
        server.pod_events.put_nowait({"type": "DELETED", "object": last})
        await until(lambda: bool(cluster.deleted_pods()), cluster)
        (pod,) = cluster.deleted_pods()
        assert pod.deletion_time == NOON + timedelta(seconds=8)
        assert pod.was_ended_by_deletion

    with_cluster(server, scene)


def test_a_job_that_was_deleted_before_it_ended_is_abandoned() -> None:
    server = ApiServer([])

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        for name, kind in (("done", "Complete"), ("tried", "Failed"), ("waiting", "Suspended")):
            conditions = {"conditions": [{"type": kind, "status": "True"}]}
            job = stored_job(conditions, name=name, uid=name)
            server.job_events.put_nowait({"type": "ADDED", "object": job})
            server.job_events.put_nowait({"type": "DELETED", "object": job})
        await until(lambda: bool(cluster.abandoned_jobs()), cluster)
        assert list(cluster.abandoned_jobs()) == [("shop", "waiting")]

    with_cluster(server, scene)


def test_departed_pods_are_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kubernetes_cluster, "MAX_DELETED_PODS", 2)
    pods = [kubernetes_pod(running(), uid=f"uid-{n}", name=f"pod-{n}") for n in range(3)]
    server = ApiServer(pods)

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        for pod in pods:
            server.pod_events.put_nowait({"type": "DELETED", "object": pod})
        await until(lambda: cluster.synced and not cluster.pods(), cluster)
        assert [pod.name for pod in cluster.deleted_pods()] == ["pod-1", "pod-2"]

    with_cluster(server, scene)
    assert "the outcome of pod pod-0 is lost" in caplog.text


def test_waiting_for_a_change_ends_when_there_is_none() -> None:
    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        await cluster.changed(0.001)
        await cluster.changed(0.001)

    with_cluster(ApiServer(), scene)
