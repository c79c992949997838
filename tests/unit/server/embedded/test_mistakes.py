"""Mistakes with a server's scheduler are errors that name the fix."""

from pathlib import Path

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler.tasks import Task
from jvscheduler_server.embedded import compat, registration
from jvscheduler_server.embedded.registration import register_scheduled_tasks, unregistered
from jvscheduler_server.embedded.server import Server
from jvscheduler_server.embedded.service import SchedulerService
from jvscheduler_server.embedded.settings import make_settings
from tests.unit.server.embedded.test_embedded import task


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        pytest.param(None, "scheduler_enabled=True or set JVSPATIAL_SCHEDULER_ENABLED", id="none"),
        pytest.param("a server", r"\(server\.scheduler_service\), got a str", id="another thing"),
    ],
)
def test_tasks_are_registered_with_a_scheduler_only(given: object, fix: str) -> None:
    with pytest.raises(InvalidSettings, match=fix):
        register_scheduled_tasks(given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("decorated", "registered", "is_told"),
    [(1, False, True), (30, False, True), (1, True, False), (0, False, False)],
    ids=["forgotten", "many", "registered", "none"],
)
def test_tasks_that_nobody_registered_are_told(
    decorated: int,
    registered: bool,
    is_told: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    tasks: list[Task] = [task(f"shop:t{n}", f"shop.t{n}") for n in range(decorated)]
    monkeypatch.setattr(registration, "decorated", lambda: tasks)
    service = SchedulerService(make_settings(1, "UTC", f"sqlite:///{tmp_path}/h.db"))
    service.register(tasks if registered else [])
    told = unregistered(service)
    assert (told is not None) is is_told
    assert told is None or ("shop.t0" in told and "register_scheduled_tasks(" in told)
    assert len(told or "") < 400


def test_a_server_does_not_run_in_a_tasks_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JVSCHEDULER_TASK_ID", "shop.tasks.restock")
    with pytest.raises(InvalidSettings, match="if __name__ == '__main__'"):
        Server.run(Server.__new__(Server))


def test_a_config_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidSettings, match=r"config=SchedulerConfig\(…\)\), got a dict"):
        compat.SchedulerService(config={"enabled": True})  # type: ignore[arg-type]
