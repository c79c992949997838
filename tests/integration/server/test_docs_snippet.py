"""The snippet of docs/guides/jvspatial-server.md runs; the page has every key of the status."""

import re
from pathlib import Path

from jvscheduler_server.embedded.service import SchedulerService
from jvscheduler_server.embedded.settings import make_settings
from tests.cluster.api_server import free_ports
from tests.support.readme import ROOT
from tests.support.runner.process import records
from tests.support.server.application import application
from tests.support.waiting import eventually

PAGE = (ROOT / "docs/guides/jvspatial-server.md").read_text()


def test_the_pages_snippet_runs(tmp_path: Path) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (port,) = free_ports(1)
    (tmp_path / "app.py").write_text(text.replace("port=8000", f"port={port}"))
    with application("app.py", folder=tmp_path, port=port) as app:
        eventually(lambda: app.get("/api/cleaned")["times"], "the task has run")


def test_a_server_on_its_own_postgres_keeps_the_history_there(
    tmp_path: Path, postgres_url: str
) -> None:
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert text.count('title="Shop",') == 1
    own = "database={'db_type': 'postgres', 'postgres_dsn': os.environ['SHOP_DATABASE']},"
    (tmp_path / "app.py").write_text("import os\n" + text.replace('title="Shop",', own))
    (port,) = free_ports(1)
    command = ("-m", "uvicorn", "--factory", "app:server.get_app", "--port", str(port))
    environ = {"SHOP_DATABASE": postgres_url}
    with application(*command, folder=tmp_path, port=port, environ=environ) as app:
        eventually(lambda: app.get("/api/cleaned")["times"], "the task has run")
        assert app.interrupt() == 0
    assert {record.job_name for record in records(postgres_url)} == {"app.clean_up"}


def test_the_page_names_every_key_of_the_status() -> None:
    service = SchedulerService(make_settings(1, "UTC", "sqlite:///h.db"))
    assert set(service.get_status()) <= set(re.findall(r"`(\w+)`", PAGE))
