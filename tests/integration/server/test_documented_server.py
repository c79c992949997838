"""The documentation's own server, as a script that a user starts."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.cluster.api_server import free_ports
from tests.support.readme import ROOT
from tests.support.server.application import Application, application
from tests.support.waiting import eventually

EXAMPLES = ROOT / "examples/jvspatial"


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """The documentation's example as a script, with shorter schedules and another port."""
    folder, (port,) = tmp_path_factory.mktemp("documented"), free_ports(1)
    text = (EXAMPLES / "scheduled_app.py").read_text()
    for written, here in (
        ("every 30 minutes", "every 2 seconds"),
        ("every 5 minutes", "every 3 seconds"),
        ("port=8000", f"port={port}"),
    ):
        assert text.count(written) == 1
        text = text.replace(written, here)
    (folder / "scheduled_app.py").write_text(text)
    environ = {"PYTHONPATH": str(EXAMPLES)}
    with application("scheduled_app.py", folder=folder, port=port, environ=environ) as app:
        yield app


def test_the_documented_server_runs_its_tasks_and_shows_both_kinds_of_records(
    documented: Application,
) -> None:
    wanted = {"system_cleanup", "scheduled_app.cleanup_system", "scheduled_app.collect_metrics"}

    def completed() -> bool:
        recent = documented.get("/api/scheduler/jobs/recent", status="completed", hours=6)
        return wanted <= {job["job_name"] for job in recent["jobs"]}

    eventually(completed, "the tasks' own records and ours")
    answer = documented.get("/api/scheduler/jobs/recent", limit=2)
    assert set(answer) == {"jobs", "total_found", "filters"}
    assert len(answer["jobs"]) == 2
    assert answer["filters"] == {"status": None, "hours_back": 24}


def test_the_documented_server_shows_its_status(documented: Application) -> None:
    eventually(
        lambda: documented.get("/api/scheduler/status")["scheduler"]["successful_executions"],
        "a job has completed",
    )
    answer = documented.get("/api/scheduler/status")
    status = answer["scheduler"]
    assert (status["is_running"], status["registered_tasks"], status["success_rate"]) == (
        True,
        2,
        100,
    )
    assert datetime.fromisoformat(status["start_time"]).tzinfo is not None
    assert status["config"] == {"enabled": True, "interval": 1, "timezone": "UTC"}
    assert answer["job_statistics"]["completed_jobs"] >= status["successful_executions"]
    assert answer["job_statistics"]["success_rate"] > 0


def test_the_documented_server_is_described_once(documented: Application) -> None:
    paths = documented.get("/openapi.json")["paths"]
    summary = "Get scheduler status with entity-centric job statistics."
    assert paths["/api/scheduler/status"]["get"]["summary"] == summary
    assert documented.ask("/docs").status_code == 200
