"""The server as a process of its own, on a real API server and a real PostgreSQL.

It runs with the rights that the chart gives it. Pods are a Job's: those that
must run do so on the hollow node; those whose end is played have no scheduler,
so that nobody but the test writes their status.
"""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from jvscheduler import names
from jvscheduler.history.store import HistoryStore
from jvscheduler.history.urls import open_store
from jvscheduler.outcomes import Outcome, Reason, Status, to_message
from tests.cluster.api_server import NODE, ApiServer, free_ports
from tests.cluster.commands import run, start, stop, succeeds, wait_until
from tests.cluster.postgres import find_programs, give_away, server_command, unprivileged
from tests.waiting import eventually

CRD = Path(__file__).parents[2] / "crds" / "scheduledtasks.yaml"
NAMESPACE = "server-tests"
TASK_ID = "shop.tasks.restock"
TASK_NAME = "shop-tasks-restock"
RIGHTS = ("pods", "jobs.batch", "scheduledtasks.jvscheduler.dev")
READY_SECONDS = 60


@pytest.fixture(scope="module")
def kubeconfig(api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a service account that may do what docs/api.md says, and nothing else."""
    kubectl = api_server.kubectl
    kubectl("apply", "--server-side", "-f", str(CRD))
    kubectl("wait", "--for=condition=Established", "-f", str(CRD))
    kubectl("create", "namespace", NAMESPACE)
    kubectl("create", "serviceaccount", "server", "-n", NAMESPACE)
    resources = f"--resource={','.join(RIGHTS)}"
    kubectl("create", "clusterrole", "server-tests", "--verb=list,watch", resources)
    account = f"--serviceaccount={NAMESPACE}:server"
    kubectl("create", "clusterrolebinding", "server-tests", "--clusterrole=server-tests", account)
    token = kubectl("create", "token", "server", "-n", NAMESPACE).strip()
    config = yaml.safe_load(api_server.kubeconfig.read_text())
    config["users"] = [{"name": config["users"][0]["name"], "user": {"token": token}}]
    file = tmp_path_factory.mktemp("server") / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


@dataclass
class ServerProcess:
    """`python -m jvscheduler_server`, which tests start, ask and end."""

    kubeconfig: Path
    database_url: str
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "jvscheduler_server", "--host", "127.0.0.1"]
        environ = {"JVSCHEDULER_DATABASE_URL": self.database_url, "PATH": os.environ["PATH"]}
        assignments = [f"{name}={value}" for name, value in environ.items()]
        options = ["--port", str(self.port), "--kubeconfig", str(self.kubeconfig)]
        self.process = start(["env", "-i", *assignments, *command, *options], self.log)
        wait_until(self._is_ready, "the server is ready", READY_SECONDS, self.log)

    def stop(self) -> int:
        """Its exit code."""
        assert self.process is not None
        stop(self.process, 30)
        return self.process.returncode

    def ask(self, path: str, **query: Any) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(url, params=query, timeout=30)

    def job(self, job_id: str) -> dict[str, Any] | None:
        """As the API shows it now."""
        answer = self.ask("/api/scheduler/jobs/recent")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["jobs"]
        return next((job for job in found if job["id"] == job_id), None)

    def job_that(self, is_so: Callable[[dict[str, Any]], bool], job_id: str) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job is not None and is_so(job) else None

        return eventually(probe, f"the job {job_id} is as expected")

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("/readyz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def a_server(kubeconfig: Path, url: str, folder: Path) -> Iterator[ServerProcess]:
    (port,) = free_ports(1)
    server = ServerProcess(kubeconfig, url, folder / "server.log", port)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            stop(server.process)


@pytest.fixture
def server(kubeconfig: Path, postgres_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    with a_server(kubeconfig, postgres_url, tmp_path) as process:
        yield process


MINUTES = itertools.count(int(datetime.now(UTC).timestamp()) // 60 - 30)


@dataclass(frozen=True)
class Run:
    """A Job of the task, due in a minute of its own, with one pod."""

    api_server: ApiServer
    job_name: str
    pod: str
    begun: Outcome

    def kubectl(self, *arguments: str) -> str:
        return self.api_server.kubectl("-n", NAMESPACE, *arguments)

    def delete_pod(self) -> None:
        self.kubectl("delete", "pod", self.pod)

    def play(self, phase: str, state: dict[str, Any]) -> None:
        """Give the pod's container this state, as a kubelet would."""
        container = {
            "name": names.TASK_CONTAINER,
            "image": "shop:1",
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": state,
        }
        patch = json.dumps({"status": {"phase": phase, "containerStatuses": [container]}})
        self.kubectl("patch", "pod", self.pod, "--subresource=status", "-p", patch)

    def end(self, exit_code: int, reason: str, message: str = "") -> None:
        times = dict.fromkeys(("startedAt", "finishedAt"), f"{datetime.now(UTC):%FT%TZ}")
        state = {"exitCode": exit_code, "reason": reason, "message": message, **times}
        self.play("Failed" if exit_code else "Succeeded", {"terminated": state})


def a_run(api_server: ApiServer, scheduled: bool = False, ago: timedelta = timedelta(0)) -> Run:
    """`scheduled`: on the hollow node, where it runs for ever; else no kubelet knows it."""
    minutes = next(MINUTES)
    due = datetime.fromtimestamp(minutes * 60, tz=UTC)
    job_name = f"{TASK_NAME}-{minutes}"
    api_server.kubectl("create", "-f", "-", stdin=json.dumps(job_manifest(job_name, scheduled)))
    selector = f"--selector={names.JOB_NAME_LABEL}={job_name}"
    query = ("-n", NAMESPACE, "get", "pods", selector, "-o", "jsonpath={.items[*].metadata.name}")
    pod = eventually(lambda: api_server.kubectl(*query).strip(), "the Job has made its pod")
    begun = Outcome(
        job_id=names.scheduled_job_id(NAMESPACE, TASK_ID, due),
        task_id=TASK_ID,
        namespace=NAMESPACE,
        job_name=job_name,
        attempt_id=pod,
        status=Status.RUNNING,
        scheduled_time=due,
        start_time=datetime.now(UTC) - ago,
        node_name=NODE,
    )
    return Run(api_server, job_name, pod, begun)


def job_manifest(name: str, scheduled: bool) -> dict[str, Any]:
    labels = {names.TASK_LABEL: TASK_NAME}
    container = {"name": names.TASK_CONTAINER, "image": "shop:1"}
    spec = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "schedulerName": "default-scheduler" if scheduled else "nobody",
        "containers": [container],
    }
    annotations = {names.TASK_ID_ANNOTATION: TASK_ID}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {"backoffLimit": 0, "podReplacementPolicy": "Failed", "template": template},
    }


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
    job = server.job_that(lambda job: job["reason"] == "ErrImagePull", run.begun.job_id)
    assert job["status"] == "pending"
    assert (job["pod"]["phase"], job["pod"]["message"]) == ("Pending", "no such tag")
    run.delete_pod()
    job = server.job_that(lambda job: job["status"] == "failed", run.begun.job_id)
    assert job["reason"] == Reason.IMAGE_PULL_FAILED


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


def test_what_a_runner_could_not_record_is_recorded_from_its_last_message(
    server: ServerProcess, api_server: ApiServer
) -> None:
    run = a_run(api_server)
    told = replace(
        run.begun,
        status=Status.FAILED,
        completion_time=run.begun.start_time + timedelta(seconds=3),
        reason=Reason.TASK_RAISED,
        error_message="ValueError: no stock",
    )
    run.end(1, "Error", to_message(told))
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


@dataclass
class OwnPostgres:
    """A PostgreSQL that a test may stop and start again, on one port."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        give_away(self.folder)
        authentication = ("--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")
        programs, data = find_programs(), self.folder / "data"
        initdb = (programs / "initdb", f"--pgdata={data}", *authentication)
        run(*unprivileged(), *initdb, cwd=self.folder)

    def start(self) -> None:
        programs, log = find_programs(), self.folder / "log"
        command = [*unprivileged(), *server_command(programs, self.folder / "data", self.port)]
        self.process = start(command, log)
        ready = (programs / "pg_isready", "--quiet", "-h", "127.0.0.1", "-p", str(self.port))
        wait_until(lambda: succeeds(*ready), "PostgreSQL accepts connections", log=log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(2)  # ends sessions, instead of waiting for them
            self.process.wait(30)
            self.process = None


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)  # PostgreSQL's own user must reach its folder
    postgres = OwnPostgres(folder, free_ports(1)[0])
    postgres.create()
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()


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
        assert f"127.0.0.1:{nobody}/jobs" in problem["detail"]
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_a_scheduled_task_is_listed(server: ServerProcess, api_server: ApiServer) -> None:
    task = {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": {"name": TASK_NAME, "namespace": NAMESPACE},
        "spec": {
            "taskID": TASK_ID,
            "entrypoint": "shop.tasks:restock",
            "schedule": "daily at 12:00",
            "image": "shop:1",
        },
    }
    api_server.kubectl("apply", "-f", "-", stdin=json.dumps(task))

    def listed() -> list[dict[str, Any]]:
        scheduler = server.ask("/api/scheduler/status").json()["scheduler"]
        return [found for found in scheduler["tasks"] if found["namespace"] == NAMESPACE]

    (found,) = eventually(listed, "the task is listed")
    assert (found["task_id"], found["schedule"]) == (TASK_ID, "daily at 12:00")
    assert (found["ready"], found["reason"]) == (False, "the operator has not looked at it yet")
