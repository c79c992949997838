"""The server as a process of its own, on a real API server and a real PostgreSQL.

It runs with the rights that the chart gives it. Pods are a Job's: those that
must run do so on the hollow node; those whose end is played have no scheduler,
so that nobody but the test writes their status.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.outcomes import Outcome, Reason, Status, to_message
from tests.cluster.api_server import NODE, ApiServer, free_ports
from tests.support.operator.custom_resource import install_crd
from tests.support.server.process import OwnPostgres, ServerProcess, a_server, an_own_postgres
from tests.support.server.service_account import server_kubeconfig
from tests.support.server.task_runs import (
    NAMESPACE,
    TASK_ID,
    a_job_without_pods,
    a_run,
    task_cron_job,
)
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def kubeconfig(api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_crd(api_server)
    return server_kubeconfig(api_server, NAMESPACE, tmp_path_factory.mktemp("server"))


@pytest.fixture
def server(kubeconfig: Path, postgres_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    with a_server(kubeconfig, postgres_url, tmp_path) as process:
        yield process


def in_history(url: str, action: Callable[[HistoryStore], Awaitable[object]]) -> None:
    """What a runner would have written."""

    async def act() -> None:
        store = open_store(url)
        await store.open()
        try:
            await action(store)
        finally:
            await store.close()

    asyncio.run(act())


def claim(url: str, outcome: Outcome) -> None:
    in_history(url, lambda store: store.claim(outcome))


def test_a_running_job_is_shown_with_its_pod(
    server: ServerProcess, api_server: ApiServer, postgres_url: str
) -> None:
    run = a_run(api_server, scheduled=True)
    claim(postgres_url, run.begun)
    job = server.job_that(lambda job: job["pod"]["phase"] == "Running", run.begun.job_id)
    assert job["status"] == "running"
    assert (job["pod"]["name"], job["pod"]["node"]) == (run.pod, NODE)
    status = server.ask("/api/scheduler/status").json()
    assert status["job_statistics"]["running_jobs"] == 1


def test_a_pod_that_waits_for_its_image_is_a_pending_job(
    server: ServerProcess, api_server: ApiServer
) -> None:
    run = a_run(api_server)
    run.play("Pending", {"waiting": {"reason": "ErrImagePull", "message": "no such tag"}})
    job = server.job_that(lambda job: job["reason"] == "ImagePullFailed", run.begun.job_id)
    assert job["status"] == "pending"
    pod = job["pod"]
    assert (pod["phase"], pod["reason"], pod["message"]) == (
        "Pending",
        "ErrImagePull",
        "no such tag",
    )
    run.delete_pod()
    job = server.job_that(lambda job: job["status"] == "missed", run.begun.job_id)
    assert (job["reason"], job["attempts"]) == (Reason.IMAGE_PULL_FAILED, [])
    assert "was deleted before it started: ErrImagePull: no such tag" in job["error_message"]


def test_a_job_that_may_not_make_pods_is_pending_and_then_missed(
    server: ServerProcess, api_server: ApiServer
) -> None:
    job_name, job_id = a_job_without_pods(api_server)
    job = server.job_that(lambda job: job["reason"] == "FailedCreate", job_id)
    assert (job["status"], job["cause"], job["attempts"]) == ("pending", "task", [])
    assert 'serviceaccount "baker" not found' in job["error_message"]
    api_server.kubectl("-n", NAMESPACE, "delete", "job", job_name)
    job = server.job_that(lambda job: job["status"] == "missed", job_id)
    assert (job["reason"], job["cause"]) == ("FailedCreate", "task")
    assert 'serviceaccount "baker" not found' in job["error_message"]


def test_a_job_whose_pod_is_deleted_while_it_runs_is_closed(
    server: ServerProcess, api_server: ApiServer, postgres_url: str
) -> None:
    run = a_run(api_server, scheduled=True)
    claim(postgres_url, run.begun)
    server.job_that(lambda job: job["pod"]["phase"] == "Running", run.begun.job_id)
    run.delete_pod()
    job = server.job_that(lambda job: job["status"] != "running", run.begun.job_id)
    assert (job["status"], job["reason"]) == ("failed", Reason.POD_DELETED)


def test_a_pod_killed_for_its_memory_is_recorded_as_such(
    server: ServerProcess, api_server: ApiServer, postgres_url: str
) -> None:
    run = a_run(api_server)
    claim(postgres_url, run.begun)
    run.end(137, "OOMKilled")
    job = server.job_that(lambda job: job["status"] != "running", run.begun.job_id)
    assert (job["status"], job["reason"]) == ("failed", Reason.OOM_KILLED)
    assert job["pod"]["reason"] == "OOMKilled"


def test_an_outcome_that_the_runner_could_not_record_is_read_from_its_pod(
    server: ServerProcess, api_server: ApiServer
) -> None:
    run = a_run(api_server)
    outcome = replace(
        run.begun,
        status=Status.FAILED,
        completion_time=run.begun.start_time + timedelta(seconds=3),
        reason=Reason.TASK_RAISED,
        error_message="ValueError: no stock",
    )
    run.end(1, "Error", to_message(outcome))
    job = server.job_that(lambda job: job["status"] == "failed", run.begun.job_id)
    assert (job["reason"], job["error_message"]) == ("TaskRaised", "ValueError: no stock")
    assert job["duration_seconds"] == 3


def test_a_pod_that_vanished_while_the_server_was_away_lost_its_runner(
    server: ServerProcess, api_server: ApiServer, postgres_url: str
) -> None:
    run = a_run(api_server, ago=timedelta(minutes=2))
    claim(postgres_url, run.begun)
    job = server.job_that(lambda job: job["pod"]["phase"] == "Pending", run.begun.job_id)
    assert job["status"] == "running"
    assert server.stop() == 0
    run.delete_pod()
    server.start()
    job = server.job_that(lambda job: job["status"] != "running", run.begun.job_id)
    assert (job["status"], job["reason"]) == ("failed", Reason.RUNNER_LOST)
    assert job["pod"] == {
        "name": run.pod,
        "namespace": NAMESPACE,
        "phase": None,
        "node": NODE,
        "restarts": None,
        "reason": None,
        "message": None,
    }


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    with an_own_postgres() as postgres:
        yield postgres


def test_a_history_that_is_away_is_said_and_misses_nothing(
    kubeconfig: Path, own_postgres: OwnPostgres, api_server: ApiServer, tmp_path: Path
) -> None:
    run = a_run(api_server)
    with a_server(kubeconfig, own_postgres.url, tmp_path) as server:
        claim(own_postgres.url, run.begun)
        server.job_that(lambda job: job["status"] == "running", run.begun.job_id)
        own_postgres.stop()
        answer = server.ask("/api/scheduler/jobs/recent")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        assert server.ask("/readyz").status_code == 200
        run.end(137, "OOMKilled")
        run.kubectl("delete", "job", run.job_name)
        own_postgres.start()
        is_back = lambda: server.ask("/api/scheduler/status").status_code == 200  # noqa: E731
        eventually(is_back, "the API answers again")
        job = server.job_that(lambda job: job["status"] != "running", run.begun.job_id)
        assert (job["status"], job["reason"]) == ("failed", Reason.OOM_KILLED)


def test_a_server_starts_without_its_history_and_ends_at_once(
    kubeconfig: Path, tmp_path: Path
) -> None:
    (nobody,) = free_ports(1)
    url = f"postgresql://postgres@127.0.0.1:{nobody}/jobs"
    with a_server(kubeconfig, url, tmp_path) as server:
        assert server.ask("/livez").status_code == 200
        problem = server.ask("/api/scheduler/status").json()
        assert "history is not available" in problem["detail"]
        assert str(nobody) not in problem["detail"]
        assert server.stop() == 0
    log = server.log.read_text()
    assert f"127.0.0.1:{nobody}/jobs" in log
    assert "Traceback" not in log


@pytest.mark.parametrize(("options", "warnings"), [("", 1), ("?schema=jvscheduler", 0)])
def test_a_history_that_all_namespaces_share_is_warned_of_once(
    options: str, warnings: int, kubeconfig: Path, tmp_path: Path
) -> None:
    (nobody,) = free_ports(1)
    url = f"postgresql://postgres@127.0.0.1:{nobody}/jobs{options}"
    with a_server(kubeconfig, url, tmp_path) as server:
        server.stop()
    assert server.log.read_text().count("database.isolation: none") == warnings


def test_a_mongodb_has_no_isolation_and_the_server_says_so(
    kubeconfig: Path, mongo_url: str, tmp_path: Path
) -> None:
    with a_server(kubeconfig, mongo_url, tmp_path) as server:
        shown = server.ask("/api/v1/history").json()
        assert (shown["isolation"], shown["namespaces"]) == ("none", None)
        server.stop()
    assert server.log.read_text().count("database.isolation: none") == 1


def test_a_scheduled_task_is_listed(server: ServerProcess, api_server: ApiServer) -> None:
    task_cron_job(api_server, NAMESPACE)

    def listed() -> list[dict[str, Any]]:
        scheduler = server.ask("/api/scheduler/status").json()["scheduler"]
        return [task for task in scheduler["tasks"] if task["namespace"] == NAMESPACE]

    (shown,) = eventually(listed, "the task is listed")
    assert (shown["task_id"], shown["schedule"]) == (TASK_ID, "daily at 12:00")
    assert (shown["ready"], shown["reason"]) == (False, "the operator has not looked at it yet")
