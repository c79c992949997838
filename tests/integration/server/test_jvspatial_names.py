"""Applications with jvspatial's own imports, after `import jvscheduler.compat.jvspatial`.

Each is a process that a user starts, and its tasks are in a module of their own, which never
names jvscheduler.
"""

import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.api_server import free_ports
from tests.support.readme import ROOT
from tests.support.runner.process import left_running, records
from tests.support.server.application import Application, application
from tests.support.waiting import eventually

TASKS = """
from jvspatial.api.integrations.scheduler.decorators import on_schedule

if on_schedule:
    @on_schedule("every 2 seconds", task_id="system_tick", description=None)
    async def _tick() -> int:
        return 7

    @on_schedule("every second", "stays")
    def stays() -> None:
        import time
        time.sleep(600)
"""

ASSIGNS_IT = """
import jvscheduler.compat.jvspatial
import shop_tasks
from jvspatial.api import Server, endpoint
from jvspatial.api.integrations.scheduler.decorators import (
    get_default_scheduler,
    register_scheduled_tasks,
    set_default_scheduler,
)
from jvspatial.api.integrations.scheduler.scheduler import SchedulerConfig, SchedulerService

server = Server(title="Shop", database={database!r})

@server.lifecycle_manager.add_startup_hook
async def start_scheduler():
    service = getattr(server, "scheduler_service", None)
    if service is None:
        interval = int(getattr(server.config, "scheduler_interval", 1) or 1)
        service = SchedulerService(
            config=SchedulerConfig(enabled=True, interval=interval),
            graph_context=getattr(server, "_graph_context", None),
        )
        server.scheduler_service = service
    set_default_scheduler(service)
    await register_scheduled_tasks(service)
    if not service.is_running:
        service.start()
    assert service.is_running
    await register_scheduled_tasks(service)

@endpoint("/scheduler", methods=["GET"])
async def scheduler():
    status = server.scheduler_service.get_status()
    return {{**status, "default": get_default_scheduler() is server.scheduler_service}}

if __name__ == "__main__":
    server.run(host="127.0.0.1", port={port})
"""

AS_DOCUMENTED = """
import jvscheduler.compat.jvspatial
import shop_tasks
from jvspatial.api import Server, endpoint
from jvspatial.api.scheduler import register_scheduled_tasks

server = Server(title="Shop", database={database!r})
if hasattr(server, "scheduler_service") and server.scheduler_service:
    register_scheduled_tasks(server.scheduler_service)

@endpoint("/scheduler", methods=["GET"])
async def scheduler():
    return {{**server.scheduler_service.get_status(), "default": True}}

if __name__ == "__main__":
    server.run(host="127.0.0.1", port={port})
"""
BY_ENVIRONMENT = {"JVSPATIAL_SCHEDULER_ENABLED": "true", "JVSPATIAL_SCHEDULER_INTERVAL": "2"}


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        pytest.param(ASSIGNS_IT, {"JVSPATIAL_SCHEDULER_INTERVAL": "2"}, id="assigns it"),
        pytest.param(ASSIGNS_IT, BY_ENVIRONMENT, id="finds the server's own"),
        pytest.param(AS_DOCUMENTED, BY_ENVIRONMENT, id="as documented"),
    ],
)
def test_an_application_of_jvspatials_runs_its_tasks(
    text: str, environ: Mapping[str, str], tmp_path: Path
) -> None:
    database = {"db_type": "sqlite", "db_path": f"{tmp_path}/shop.db"}
    status = boot_and_end(tmp_path, text, database, environ)
    assert status["config"]["interval"] == 2
    check_records(f"sqlite:///{tmp_path}/shop.db")


def test_it_runs_them_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    database = {"db_type": "postgres", "postgres_dsn": postgres_url}
    status = boot_and_end(tmp_path, ASSIGNS_IT, database, {})
    assert status["config"]["interval"] == 1
    check_records(postgres_url)


def test_the_guides_application_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs/guides/from-jvspatial.md").read_text()
    text, *_ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (port,) = free_ports(1)
    (tmp_path / "app.py").write_text(text.replace("port=8000", f"port={port}"))
    with application("app.py", folder=tmp_path, port=port) as app:
        eventually(lambda: app.get("/api/runs")["completed"], "the task has run")
        assert app.interrupt() == 0, app.output
    assert {record.job_name for record in records(f"sqlite:///{tmp_path}/shop.db")} == {"clean_up"}


def boot_and_end(
    folder: Path, text: str, database: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the application answered when its tasks had run. SIGTERM ends it in order."""
    (port,) = free_ports(1)
    (folder / "shop_tasks.py").write_text(TASKS)
    (folder / "shop_app.py").write_text(text.format(database=database, port=port))
    with application("shop_app.py", folder=folder, port=port, environ=environ) as app:
        status = eventually(lambda: with_runs(app), "one attempt has completed, another runs")
        children = psutil.Process(app.process.pid).children(recursive=True)
        app.process.send_signal(signal.SIGTERM)
        assert app.process.wait() == -signal.SIGTERM, app.output
    assert left_running([child.pid for child in children]) == []
    assert (status["is_running"], status["registered_tasks"], status["default"]) == (True, 2, True)
    return status


def with_runs(app: Application) -> dict[str, Any] | None:
    status: dict[str, Any] = app.get("/api/scheduler")
    return status if status["successful_executions"] and status["running_tasks"] else None


def check_records(url: str) -> None:
    found = {(record.job_name, record.status, record.reason) for record in records(url)}
    assert ("system_tick", "completed", None) in found
    assert ("stays", "failed", "Terminated") in found
    assert "running" not in {status for _, status, _ in found}
