"""The scheduler inside a user's own jvspatial server, each as its user starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from jvscheduler.history.records.jobs import ScheduledJob
from tests.cluster.api_server import free_ports
from tests.cluster.postgres import PostgresServer
from tests.support.readme import ROOT
from tests.support.runner.process import left_running, records
from tests.support.server.application import Application, application
from tests.support.waiting import eventually

EXAMPLES = ROOT / "examples/jvspatial"

OWN = """
import time
from jvspatial.api import endpoint
from jvscheduler import on_schedule
from jvscheduler.history import ScheduledJob
from jvscheduler_server import Server, register_scheduled_tasks

@on_schedule("every 2 seconds")
def quick() -> int:
    return 7

@on_schedule("every second")
def stays() -> None:
    time.sleep(600)

@on_schedule("daily at 09:00")
def daily() -> None: ...

@on_schedule("daily at 09:00", time_zone="Asia/Tokyo")
def daily_in_tokyo() -> None: ...

server = Server(scheduler_enabled=True, scheduler_timezone="America/New_York")
register_scheduled_tasks(server.scheduler_service)

@endpoint("/own", methods=["GET"])
async def own() -> dict[str, int]:
    return {"completed": await ScheduledJob.count({"context.status": "completed"})}

app = server.get_app()
"""


@dataclass(frozen=True)
class Observed:
    """A user's application as it showed itself while it ran, and after its end."""

    status: dict[str, Any]
    jobs: list[dict[str, Any]]
    own: dict[str, int]
    refused: httpx.Response
    head: httpx.Response
    exit_code: int
    records: Mapping[str, list[ScheduledJob]]
    left_running: Sequence[int]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Observed:
    """Serve it by uvicorn. Only the environment names a database."""
    folder, (port,) = tmp_path_factory.mktemp("own"), free_ports(1)
    (folder / "shop_app.py").write_text(OWN)
    command = ("-m", "uvicorn", "shop_app:app", "--port", str(port))
    with postgres_server.database() as url:
        environ = {"JVSCHEDULER_DATABASE_URL": url}
        with application(*command, folder=folder, port=port, environ=environ) as app:
            eventually(lambda: states(app) >= ENOUGH, "a job of each kind")
            return see(app, url)


ENOUGH = {("quick", "completed"), ("stays", "running"), ("stays", "skipped")}


def states(app: Application) -> set[tuple[str, str]]:
    return {(job["job_name"].rpartition(".")[2], job["status"]) for job in app.jobs()}


def see(app: Application, url: str) -> Observed:
    status, jobs, own = app.get("/api/scheduler/status"), app.jobs(), app.get("/api/own")
    refused = app.ask("/api/scheduler/jobs/recent", hours=0)
    head = httpx.head(f"http://127.0.0.1:{app.port}/api/scheduler/status", timeout=30)
    children = psutil.Process(app.process.pid).children(recursive=True)
    # As when the terminal closes. `interrupt` is Ctrl-C, which the other tests press.
    app.process.send_signal(signal.SIGHUP)
    exit_code = app.process.wait()
    by_task: dict[str, list[ScheduledJob]] = {}
    for record in records(url):
        by_task.setdefault(record.job_name, []).append(record)
    left = left_running([child.pid for child in children])
    return Observed(status, jobs, own, refused, head, exit_code, by_task, left)


def test_the_monitoring_api_is_built_in(observed: Observed) -> None:
    tasks = {task["task_id"]: task for task in observed.status["scheduler"]["tasks"]}
    assert set(tasks) == {f"shop_app.{n}" for n in ("quick", "stays", "daily", "daily_in_tokyo")}
    assert observed.status["job_statistics"]["completed_jobs"] >= 1
    completed = [job for job in observed.jobs if job["status"] == "completed"]
    assert {(job["job_name"], job["result"]) for job in completed} == {("shop_app.quick", 7)}


def test_a_task_that_names_no_time_zone_has_the_servers(observed: Observed) -> None:
    zones = {task["task_id"]: task["time_zone"] for task in observed.status["scheduler"]["tasks"]}
    assert zones["shop_app.daily"] == "America/New_York"
    assert zones["shop_app.daily_in_tokyo"] == "Asia/Tokyo"


def test_the_users_endpoints_see_the_same_records(observed: Observed) -> None:
    assert observed.own["completed"] >= 1


def test_a_wrong_parameter_of_a_built_in_endpoint_is_a_problem(observed: Observed) -> None:
    assert observed.refused.status_code == 422
    assert observed.refused.headers["content-type"] == "application/problem+json"
    assert observed.refused.json()["errors"][0]["parameter"] == "hours"


def test_head_works_where_get_does(observed: Observed) -> None:
    assert (observed.head.status_code, observed.head.content) == (200, b"")


def test_the_status_has_the_last_due_instants(observed: Observed) -> None:
    tasks = {task["task_id"]: task for task in observed.status["scheduler"]["tasks"]}
    assert tasks["shop_app.quick"]["last_schedule_time"] is not None
    assert tasks["shop_app.daily"]["last_schedule_time"] is None


def test_when_the_server_ends_each_task_is_ended_and_recorded(observed: Observed) -> None:
    # uvicorn ends in good order, and then by the signal itself.
    assert observed.exit_code == -signal.SIGTERM
    assert observed.left_running == []
    every = [record for records in observed.records.values() for record in records]
    assert {record.status for record in every} <= {"completed", "failed", "skipped"}
    (ended,) = [r for r in observed.records["shop_app.stays"] if r.status == "failed"]
    assert ended.reason == "Terminated"


@pytest.mark.parametrize(
    ("options", "environ", "message"),
    [
        pytest.param("db_type='json'", {}, "JsonDB cannot hold it", id="json"),
        pytest.param(
            "db_type='sqlite', db_path='a.db'",
            {"JVSCHEDULER_DATABASE_URL": "sqlite:///b.db"},
            "unset the variable or leave db_type out",
            id="two databases",
        ),
        pytest.param(
            "db_type='mongodb', db_connection_string='mongodb://db'",
            {},
            "write Server(database={'db_type': 'mongodb', 'db_connection_string': …})",
            id="an option outside of database",
        ),
        pytest.param(
            "", {"JVSPATIAL_DB_PATH": "a.db"}, "add db_type='sqlite'", id="a path without a type"
        ),
        pytest.param("scheduler_interval=0", {}, "scheduler_interval must be 1 to 60", id="0"),
        pytest.param("", {"JVSPATIAL_SCHEDULER_INTERVAL": "61"}, "must be 1 to 60", id="61"),
        pytest.param("scheduler_timezone='Mars'", {}, "scheduler_timezone: ", id="zone"),
        pytest.param("scheduler_timezone=''", {}, "scheduler_timezone: ", id="no zone"),
        pytest.param("{'scheduler_timezone': 'Mars'}", {}, "scheduler_timezone: ", id="config"),
    ],
)
def test_what_the_scheduler_cannot_use_is_refused(
    options: str, environ: dict[str, str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(SHORT.format(options=options and f"{options}, "))
    done = python(tmp_path, "app.py", environ=environ)
    assert done.returncode == 1
    assert "InvalidSettings" in done.stderr
    assert message in done.stderr


SHORT = """
from jvscheduler_server import Server
server = Server({options}scheduler_enabled=True)
"""


def test_a_server_with_a_scheduler_keeps_its_database(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(f"{SHORT.format(options='')}server.configure_database('json')")
    done = python(tmp_path, "app.py")
    assert done.returncode == 1
    assert "give the database to Server(…)" in done.stderr


def python(
    folder: Path, *command: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_server_without_a_scheduler_is_jvspatials(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from jvscheduler_server import Server\n"
        "server = Server(db_type='sqlite', db_path='own.db')\n"
        "assert server.scheduler_service is None\n"
        "print(sorted(server.get_app().openapi()['paths']))\n"
    )
    done = python(tmp_path, "app.py")
    assert done.returncode == 0, done.stderr
    assert "/health" in done.stdout
    assert "scheduler" not in done.stdout


def test_a_script_that_no_process_can_import_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my-app.py").write_text(OWN)
    done = python(tmp_path, "my-app.py")
    assert done.returncode == 1
    assert "put them into a module of another name" in done.stderr


def test_the_tasks_of_a_module_run_by_name_have_its_name(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    listing = "print([t.task_id for t in server.scheduler_service.tasks])"
    (tmp_path / "package/serve.py").write_text(f"{OWN}\n{listing}")
    done = python(tmp_path, "-m", "package.serve")
    assert done.returncode == 0, done.stderr
    assert "package.serve.quick" in done.stdout


def test_who_must_be_known_elsewhere_must_be_known_here(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from fastapi.testclient import TestClient\n"
        "from jvscheduler_server import Server\n"
        "auth = {'auth_enabled': True, 'jwt_secret': 'x' * 40}\n"
        "with TestClient(Server(scheduler_enabled=True, auth=auth).get_app()) as client:\n"
        "    for path in ('/api/scheduler/status', '/api/scheduler/jobs/recent'):\n"
        "        assert client.get(path).status_code == 401\n"
    )
    done = python(tmp_path, "app.py")
    assert done.returncode == 0, done.stderr
