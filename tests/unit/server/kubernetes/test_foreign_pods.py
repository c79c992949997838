"""The cluster shows what is of a task by its controllers, and sets the rest aside."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from jvscheduler.edge.set_aside import counts
from jvscheduler_server.kubernetes import cluster as kubernetes_cluster
from jvscheduler_server.kubernetes.cluster import WatchedKubernetesCluster
from tests.support.server.owners import stored_cron_job, stored_job, stored_owner
from tests.support.server.task_pods import kubernetes_pod, running, terminated
from tests.support.server.watched import ApiServer, until, with_cluster

LATER = "2126-03-02T12:00:00Z"
"""After the lists of the test: what was made then has its controllers in the watch."""

BY_HAND: dict[str, Any] = {"name": "forged", "uid": "uid-forged", "ownerReferences": []}


def set_aside() -> int:
    assert counts().keys() <= {"objects with the label of a task"}
    return sum(counts().values())


def pods_with(*pods: dict[str, Any]) -> ApiServer:
    """An API server with these pods, and all that controls the honest one."""
    return ApiServer(pods, [stored_job()], [stored_cron_job()], [stored_owner()])


def test_a_pod_made_by_hand_is_set_aside_once_and_the_honest_one_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    forged = kubernetes_pod(terminated(0, "Completed"), **BY_HAND)
    server = pods_with(forged, kubernetes_pod(running()))

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        assert [pod.name for pod in cluster.pods()] == ["pod-a"]
        assert (cluster.open_pods(), set_aside()) == ((), 1)
        server.pod_events.put_nowait({"type": "DELETED", "object": forged})
        server.pod_events.put_nowait({"type": "DELETED", "object": kubernetes_pod(running())})
        await until(lambda: bool(cluster.deleted_pods()), cluster)
        assert [pod.name for pod in cluster.deleted_pods()] == ["pod-a"]
        assert set_aside() == 1

    with_cluster(server, scene)
    (line,) = [r.getMessage() for r in caplog.records if "is set aside" in r.getMessage()]
    assert "pod shop/forged is set aside: forged has no controller Job" in line


def test_a_job_made_by_hand_is_set_aside_and_abandons_nothing() -> None:
    forged = stored_job(name="forged", uid="uid-forged", ownerReferences=[])
    server = ApiServer((), [stored_job(), forged], [stored_cron_job()], [stored_owner()])

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        assert [job.uid for job in cluster.jobs()] == ["uid-job"]
        assert (cluster.open_jobs(), set_aside()) == ((), 1)
        for job in (forged, stored_job()):
            server.job_events.put_nowait({"type": "DELETED", "object": job})
        await until(lambda: bool(cluster.abandoned_jobs()), cluster)
        assert list(cluster.abandoned_jobs()) == [("shop", stored_job()["metadata"]["name"])]

    with_cluster(server, scene)


def test_a_cron_job_made_by_hand_is_set_aside() -> None:
    forged = stored_cron_job(name="forged", uid="uid-forged", ownerReferences=[])
    server = ApiServer((), (), [forged, stored_cron_job()], [stored_owner()])

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        assert [item.uid for item in cluster.cron_jobs()] == ["uid-cron-job"]
        assert set_aside() == 1

    with_cluster(server, scene)


def test_a_pod_that_comes_before_its_job_is_open_until_that_comes() -> None:
    server = ApiServer((), (), [stored_cron_job()], [stored_owner()])
    pod = kubernetes_pod(running(), creationTimestamp=LATER)

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        server.pod_events.put_nowait({"type": "ADDED", "object": pod})
        await until(lambda: bool(cluster.open_pods()), cluster)
        assert (cluster.pods(), set_aside()) == ((), 0)
        server.job_events.put_nowait({"type": "ADDED", "object": stored_job()})
        await until(lambda: bool(cluster.pods()), cluster)
        assert (cluster.open_pods(), set_aside()) == ((), 0)

    with_cluster(server, scene)


def test_a_pod_that_was_deleted_before_its_job_came_is_not_lost() -> None:
    server = ApiServer((), (), [stored_cron_job()], [stored_owner()])
    pod = kubernetes_pod(terminated(1, "Error"), creationTimestamp=LATER)

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        server.pod_events.put_nowait({"type": "ADDED", "object": pod})
        await until(lambda: bool(cluster.open_pods()), cluster)
        server.pod_events.put_nowait({"type": "DELETED", "object": pod})
        await until(lambda: not cluster.open_pods(), cluster)
        assert cluster.deleted_pods() == ()
        server.job_events.put_nowait({"type": "ADDED", "object": stored_job()})
        await until(lambda: bool(cluster.deleted_pods()), cluster)
        assert [pod.exit_code for pod in cluster.deleted_pods()] == [1]

    with_cluster(server, scene)


def test_a_pod_outlives_its_job() -> None:
    server = pods_with(kubernetes_pod(running()))

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced and bool(cluster.jobs()), cluster)
        server.job_events.put_nowait({"type": "DELETED", "object": stored_job()})
        await until(lambda: not cluster.jobs(), cluster)
        ended = kubernetes_pod(terminated(1, "Error"))
        server.pod_events.put_nowait({"type": "MODIFIED", "object": ended})
        await until(lambda: any(pod.finished for pod in cluster.pods()), cluster)

    with_cluster(server, scene)


def test_deleted_pods_whose_job_never_comes_are_bounded_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kubernetes_cluster, "MAX_OPEN_PODS", 2)
    pods = [
        kubernetes_pod(running(), uid=f"uid-{n}", name=f"pod-{n}", creationTimestamp=LATER)
        for n in range(3)
    ]
    server = ApiServer()

    async def scene(cluster: WatchedKubernetesCluster) -> None:
        await until(lambda: cluster.synced, cluster)
        for pod in pods:
            server.pod_events.put_nowait({"type": "ADDED", "object": pod})
            server.pod_events.put_nowait({"type": "DELETED", "object": pod})
        await until(lambda: set_aside() == 3, cluster)
        assert cluster.deleted_pods() == ()
        server.job_events.put_nowait({"type": "ADDED", "object": stored_job()})
        await until(lambda: bool(cluster.deleted_pods()), cluster)
        assert [pod.name for pod in cluster.deleted_pods()] == ["pod-1", "pod-2"]

    with_cluster(server, scene, clock=lambda: datetime(2127, 1, 1, tzinfo=UTC))
