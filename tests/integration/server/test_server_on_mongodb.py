"""A user's own server whose database is MongoDB."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api_server import free_ports
from tests.support.runner.process import records
from tests.support.server.application import application
from tests.support.waiting import eventually

APP = """
from jvscheduler import on_schedule
from jvscheduler_server import Server, register_scheduled_tasks

@on_schedule("every 2 seconds")
def quick() -> int:
    return 7

server = Server(scheduler_enabled=True, {options})
register_scheduled_tasks(server.scheduler_service)

if __name__ == "__main__":
    server.run(host="127.0.0.1", port={port})
"""


@pytest.mark.parametrize("names_it", ["options", "environment"])
def test_tasks_run_and_are_recorded_in_it(names_it: str, mongo_url: str, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    options, environ = "", {"JVSCHEDULER_DATABASE_URL": mongo_url}
    if names_it == "options":
        options, environ = f"database={database(mongo_url)!r}", {}
    (tmp_path / "shop_app.py").write_text(APP.format(options=options, port=port))
    with application("shop_app.py", folder=tmp_path, port=port, environ=environ) as app:
        eventually(lambda: any(job["result"] == 7 for job in app.jobs()), "a job has completed")
        assert app.interrupt() == 0, app.output
    assert "completed" in {record.status for record in records(mongo_url)}


def database(url: str) -> dict[str, Any]:
    address, _, name = url.rpartition("/")
    return {
        "db_type": "mongodb",
        "db_enabled": True,
        "db_connection_string": address,
        "db_database_name": name,
    }
