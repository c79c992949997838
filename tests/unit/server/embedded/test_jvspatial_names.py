"""jvspatial's names for a scheduler, after `import jvscheduler.compat.jvspatial`.

That line changes what `import jvspatial…` means in its process, so each story has its own.
"""

import logging
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from jvscheduler.errors import InvalidSettings
from jvscheduler_server.embedded.compat import (
    SchedulerConfig,
    SchedulerService,
)
from jvscheduler_server.embedded.compat import service as compat_service
from tests.support.waiting import eventually
from tests.unit.server.embedded.test_embedded import task

LINE = "import jvscheduler.compat.jvspatial\n"
SCHEDULER = "jvspatial.api.integrations.scheduler"

ALL_NAMES = f"""
from jvspatial.api.scheduler import on_schedule, register_scheduled_tasks, is_scheduled
from {SCHEDULER}.decorators import on_schedule as again, set_default_scheduler
from {SCHEDULER}.scheduler import (
    SCHEDULE_AVAILABLE, SchedulerConfig, SchedulerService, get_default_scheduler)
from {SCHEDULER}.models import SchedulerConfig as same
from {SCHEDULER} import SchedulerService as same_service, decorators
import jvspatial.api.scheduler
import jvspatial, jvspatial.api, jvspatial.api.server

def tick(): ...
assert on_schedule("every 5 minutes", "tick", True, 2, description=None)(tick) is tick
assert is_scheduled(tick) and not is_scheduled(is_scheduled)
assert again is on_schedule is decorators.on_schedule is jvspatial.api.scheduler.on_schedule
assert same is SchedulerConfig and same_service is SchedulerService and SCHEDULE_AVAILABLE
from jvspatial import Server
from jvspatial.api import Server as also
assert Server is also is jvspatial.Server
assert issubclass(Server, jvspatial.api.server.Server) and Server is not jvspatial.api.server.Server
assert get_default_scheduler() is None
set_default_scheduler("mine")
assert get_default_scheduler() == "mine"
"""


@pytest.mark.parametrize(
    "before",
    ["", "import jvspatial\n", f"import jvspatial\nimport {SCHEDULER}.scheduler\n"],
    ids=["first", "after jvspatial", "after its scheduler"],
)
def test_each_name_is_found_where_jvspatial_has_it(before: str, tmp_path: Path) -> None:
    ended = python(before + LINE + ALL_NAMES, tmp_path)
    assert ended.returncode == 0, ended.stderr


ASSIGNED = """
from fastapi.testclient import TestClient
from jvspatial.api import Server
from jvspatial.api.scheduler import SchedulerService
server = Server(title="Shop")
server.scheduler_service = SchedulerService(graph_context=server.get_graph_context())
assert server.get_graph_context().database is not None
with TestClient(server.get_app()) as client:
    assert client.get("/api/scheduler/status").status_code == 200
    assert "/api/scheduler/status" in client.get("/openapi.json").json()["paths"]
    assert server.scheduler_service.is_running
assert not server.scheduler_service.is_running
"""


def test_a_server_with_an_assigned_scheduler_has_the_api(tmp_path: Path) -> None:
    ended = python(LINE + ASSIGNED, tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_a_module_of_tasks_loads_no_server(tmp_path: Path) -> None:
    ended = python(
        f"import sys\n{LINE}print(sorted(m for m in sys.modules if m.startswith('jvspatial')))\n"
        f"from jvspatial.api.scheduler import on_schedule\n"
        "print([m for m in sys.modules if m.startswith('jvscheduler_server')])",
        tmp_path,
    )
    assert ended.stdout.splitlines() == ["[]", "[]"], ended.stderr


def test_tasks_whose_package_has_the_line_are_built_for_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").write_text(LINE)
    (tmp_path / "shop/tasks.py").write_text(
        "from jvspatial.api.scheduler import on_schedule\n"
        "@on_schedule('every 5 minutes', 'tick')\ndef tick(): ...\n"
    )
    ended = python(
        "from jvscheduler.cli import main\nmain(['build', 'shop.tasks', '--image', 'shop:1'])",
        tmp_path,
    )
    assert "entrypoint: shop.tasks:tick" in ended.stdout, ended.stderr


@pytest.mark.parametrize(
    ("story", "message"),
    [
        pytest.param(
            f"from {SCHEDULER}.decorators import on_schedule\n"
            f"@on_schedule('every 5 minutes')\ndef tick(): ...\n{LINE}",
            "already: __main__.tick; import jvscheduler.compat.jvspatial before their modules",
            id="too late",
        ),
        pytest.param(
            f"{LINE}from {SCHEDULER}.models import ScheduledTask",
            "no ScheduledTask of jvspatial's scheduler: decorate the function with on_schedule",
            id="a name without counterpart",
        ),
        pytest.param(
            f"{LINE}from jvspatial.api.scheduler import on_schedul",
            "cannot import name 'on_schedul'",
            id="no name at all",
        ),
        pytest.param(
            f"{LINE}from jvspatial.api.scheduler import on_schedule\n"
            "on_schedule('every 5 minutes', scheduler=1)",
            "call register_scheduled_tasks(scheduler)",
            id="a scheduler for one task",
        ),
        pytest.param(
            f"from {SCHEDULER}.scheduler import SchedulerService\n{LINE}"
            "from jvspatial.api import Server\nserver = Server()\n"
            "server.scheduler_service = SchedulerService()\nserver.get_app()",
            "jvspatial.api.integrations.scheduler.scheduler.SchedulerService: import jvscheduler.",
            id="jvspatial's own scheduler in our server",
        ),
        pytest.param(
            f"import sys\n{LINE}sys.modules['jvscheduler_server.api.lifespan'] = None\n"
            "from jvspatial.api.scheduler import SchedulerService",
            "needs jvscheduler_server.api.lifespan: install jvscheduler with the extras runner and",
            id="an extra that is not installed",
        ),
    ],
)
def test_a_mistake_names_the_fix(story: str, message: str, tmp_path: Path) -> None:
    ended = python(story, tmp_path)
    assert ended.returncode == 1
    assert message in ended.stderr


def python(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "story.py").write_text(text)
    return subprocess.run(
        [sys.executable, "story.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(autouse=True)
def _url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JVSCHEDULER_DATABASE_URL", f"sqlite:///{tmp_path}/h.db")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": 61}, "interval.*at most 60 seconds: it delays no task"),
        ({"interval": 0}, "interval.*must be more than 0"),
        ({"timezone": "Europe/Berlni"}, "timezone.*Europe/Berlin"),
        ({"intervall": 1}, "intervall.*Extra inputs"),
        ({"task_timeout": 0}, "task_timeout"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SchedulerConfig(**options)  # type: ignore[arg-type]
    assert re.search(message, str(refused.value).replace("\n", " "))


def test_an_option_without_effect_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    config = SchedulerConfig(
        enabled=True,
        interval=30,
        max_concurrent_tasks=5,
        log_level="debug",
        persistence_enabled=True,
        auto_cleanup=False,
        max_task_history=7,
    )
    SchedulerService(config=config)
    assert [record.getMessage().partition(")")[0] for record in caplog.records] == [
        "SchedulerConfig(max_concurrent_tasks=…",
        "SchedulerConfig(log_level=…",
        "SchedulerConfig(persistence_enabled=…",
        "SchedulerConfig(auto_cleanup=…",
        "SchedulerConfig(max_task_history=…",
        "SchedulerConfig(interval=30",
    ]
    caplog.clear()
    SchedulerService(config=SchedulerConfig(enabled=True, interval=1))
    assert caplog.records == []


def test_the_options_that_mean_something_are_kept() -> None:
    config = SchedulerConfig(enabled=True, timezone="Europe/Berlin", task_timeout=60)
    service = SchedulerService(config)
    service.register([task("shop:one", "shop.one")])
    (one,) = service.tasks
    assert (one.schedule.time_zone, one.timeout_seconds) == ("Europe/Berlin", 60)
    plain = SchedulerService()
    plain.register([task("shop:one", "shop.one")])
    assert plain.tasks[0].timeout_seconds is None
    assert plain.get_status()["config"] == SchedulerConfig().model_dump()


@pytest.mark.parametrize(
    ("config", "environ", "why"),
    [
        (SchedulerConfig(enabled=False), {}, "enabled=False"),
        (SchedulerConfig(), {"JVSCHEDULER_TASK_ID": "shop.one"}, "the process of a task"),
    ],
)
def test_a_scheduler_that_may_not_start_says_why(
    config: SchedulerConfig,
    environ: dict[str, str],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    service = SchedulerService(config)
    service.start()
    assert not service.is_running
    assert why in caplog.text


def test_a_serverless_platform_starts_no_scheduler(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compat_service, "is_serverless_mode", lambda: True)
    service = SchedulerService()
    service.start()
    assert not service.is_running
    assert "serverless platform" in caplog.text


def test_another_interval_at_the_start_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="give it to SchedulerConfig"):
        SchedulerService().start(interval=5)


def test_tasks_are_changed_while_it_runs() -> None:
    before = threading.active_count()
    service = SchedulerService()
    service.register([task("shop:one", "shop.one"), task("shop:two", "shop.two")])
    service.start()
    assert service.is_running
    service.start()
    assert service.unregister_task("shop.one")
    assert not service.unregister_task("shop.one")
    assert service.disable_task("shop.two")
    assert not service.enable_task("shop.three")
    service.register([task("shop:three", "shop.three")])
    assert {t.task_id: t.enabled for t in service.tasks} == {"shop.two": False, "shop.three": True}
    assert [t.task_id for t in service.cluster.tasks()] == ["shop.two", "shop.three"]
    service.stop()
    assert not service.is_running
    service.stop()
    eventually(lambda: threading.active_count() == before, "its threads have ended")


def test_it_ends_with_the_process_that_never_stops_it(tmp_path: Path) -> None:
    ended = python(
        LINE
        + "from jvspatial.api.scheduler import SchedulerConfig, SchedulerService\n"
        + "service = SchedulerService(config=SchedulerConfig(enabled=True, interval=1))\n"
        + "service.start()\nprint(service.is_running)\n",
        tmp_path,
    )
    assert (ended.returncode, ended.stdout) == (0, "True\n"), ended.stderr
