"""The parts of the embedded scheduler, without a server."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
from jvspatial.db.jsondb import JsonDB
from jvspatial.db.mongodb import MongoDB
from jvspatial.db.postgres import PostgresDB
from jvspatial.db.sqlite import SQLiteDB

from jvscheduler.attempt.limits import skipped
from jvscheduler.errors import DiscoveryError, InvalidSettings, InvalidTask
from jvscheduler.history.backends.registry import BACKENDS
from jvscheduler.loop.clock import SystemClock
from jvscheduler.outcomes import Outcome
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task
from jvscheduler_server.embedded.databases import check_same, url_of
from jvscheduler_server.embedded.registration import import_name, importable
from jvscheduler_server.embedded.service import JobCounter, SchedulerService
from jvscheduler_server.embedded.settings import import_path, make_settings
from tests.support.history.outcomes import NOON, begun, completed, failed

LATER = "every 5 to 10 minutes"


def task(entrypoint: str, task_id: str, schedule: str = "daily at 09:00") -> Task:
    return Task(task_id, entrypoint, parse_schedule(schedule, seed=task_id), stated={})


def script(folder: Path, name: str) -> ModuleType:
    (folder / name).write_text("")
    module = ModuleType("__main__")
    module.__file__ = str(folder / name)
    return module


def test_a_scripts_tasks_take_the_name_that_an_import_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = {"__main__": script(tmp_path, "shop_front.py")}
    mine = importable(task("__main__:clean", "__main__.clean", LATER), modules)
    assert (mine.task_id, mine.entrypoint) == ("shop_front.clean", "shop_front:clean")
    assert mine.schedule == parse_schedule(LATER, seed="shop_front.clean")
    spread = importable(task("__main__:clean", "__main__.clean", "H H * * *"), modules)
    assert spread.schedule.cron == parse_schedule("H H * * *", seed="shop_front.clean").cron


def test_a_task_keeps_the_id_that_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    modules = {"__mp_main__": script(tmp_path, "shop_front.py")}
    mine = importable(task("__mp_main__:clean", "cleaner"), modules)
    assert (mine.task_id, mine.entrypoint) == ("cleaner", "shop_front:clean")


def test_a_task_of_an_imported_module_stays_as_it_is() -> None:
    imported = task("shop.tasks:clean", "shop.tasks.clean")
    assert importable(imported, {}) is imported


def test_a_module_run_by_name_has_that_name() -> None:
    module = ModuleType("__main__")
    module.__spec__ = ModuleSpec("shop.__main__", None)
    assert import_name(module) == "shop.__main__"


@pytest.mark.parametrize("name", ["shop-front.py", "json.py", "shop.front.py"])
def test_a_script_that_an_import_does_not_find_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidTask, match="module of another name"):
        import_name(script(tmp_path, name))


def test_tasks_of_an_interactive_session_are_refused() -> None:
    with pytest.raises(InvalidTask, match="an interactive session"):
        import_name(ModuleType("__main__"))


def test_other_processes_find_modules_where_this_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site = next(entry for entry in sys.path if entry.endswith("site-packages"))
    monkeypatch.setattr(sys, "path", ["", str(tmp_path / "apps"), site, str(tmp_path / "apps")])
    assert import_path() == [str(tmp_path), str(tmp_path / "apps")]


@pytest.mark.parametrize("interval", [0, -1, 61])
def test_an_interval_out_of_range_is_refused(interval: int) -> None:
    with pytest.raises(InvalidSettings, match="scheduler_interval must be 1 to 60 seconds"):
        make_settings(interval, "UTC", "sqlite:///h.db")


def test_an_unknown_time_zone_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidSettings, match=r"scheduler_timezone.*'Europe/Berlin'"):
        make_settings(1, "Europe/Berlni", "sqlite:///h.db")


def test_a_clock_that_was_set_is_noticed_at_the_next_read() -> None:
    """The instant is an hour away. While it is waited for, the clock is set two hours forward."""

    class SetClock(SystemClock):
        reads = 0

        def now(self) -> datetime:
            self.reads += 1
            return datetime.now(UTC) + timedelta(hours=2 if self.reads > 4 else 0)

    async def scene() -> None:
        clock = SetClock(0.01)
        await clock.wait_until(datetime.now(UTC) + timedelta(hours=1), asyncio.Event())

    asyncio.run(asyncio.wait_for(scene(), 60))


@pytest.mark.parametrize(
    ("database", "url"),
    [
        (SQLiteDB(db_path="/data/app.db"), "sqlite:////data/app.db"),
        (PostgresDB(dsn="postgresql://me@here/app"), "postgresql://me@here/app"),
        (MongoDB("mongodb://here/?a=b", "app"), "mongodb://here/app?a=b"),
    ],
    ids=["sqlite", "postgres", "mongodb"],
)
def test_the_history_is_where_the_servers_database_is(
    database: SQLiteDB | PostgresDB | MongoDB, url: str
) -> None:
    assert url_of(database) == url


def test_a_database_that_holds_no_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidSettings, match="JsonDB cannot hold it: give the server db_type"
    ) as refused:
        url_of(JsonDB(str(tmp_path)))
    assert all(entry.server_options in str(refused.value) for entry in BACKENDS)
    with pytest.raises(InvalidSettings, match="one in memory cannot hold it"):
        url_of(SQLiteDB(db_path=":memory:"))


def test_the_environment_may_name_the_same_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_same(f"sqlite:///{tmp_path}/app.db", "sqlite:///app.db")
    check_same("postgresql://me@here/app", "postgres://me@here/app")
    check_same("postgresql://me@here/app", None)


def test_two_databases_are_refused_without_a_password() -> None:
    with pytest.raises(InvalidSettings, match="unset the variable") as refused:
        check_same("postgresql://me:secret@here/app", "sqlite:///app.db")
    assert "secret" not in str(refused.value)


def service(time_zone: str = "Europe/Berlin") -> SchedulerService:
    return SchedulerService(make_settings(1, time_zone, "sqlite:///h.db"))


def test_registering_twice_keeps_each_task_once() -> None:
    first, second = task("shop:one", "shop.one"), task("shop:two", "shop.two")
    registered = service()
    registered.register([first])
    registered.register([first, second])
    assert [each.task_id for each in registered.tasks] == ["shop.one", "shop.two"]
    assert {each.schedule.time_zone for each in registered.tasks} == {"Europe/Berlin"}


def test_two_tasks_of_one_id_are_refused() -> None:
    with pytest.raises(DiscoveryError, match=r"same task_id 'shop\.one'"):
        service().register([task("shop:one", "shop.one"), task("shop:two", "shop.one")])


def test_the_status_of_a_scheduler_that_has_not_started() -> None:
    idle = service()
    idle.register([task("shop:one", "shop.one")])
    assert idle.get_status() == {
        "is_running": False,
        "start_time": None,
        "uptime_seconds": 0.0,
        "registered_tasks": 1,
        "enabled_tasks": 1,
        "scheduled_jobs": 1,
        "running_tasks": 0,
        "total_executions": 0,
        "successful_executions": 0,
        "failed_executions": 0,
        "success_rate": 0.0,
        "config": {"enabled": True, "interval": 1, "timezone": "Europe/Berlin"},
    }


def test_jobs_are_counted_by_how_they_ended() -> None:
    counter = JobCounter()
    ends = (completed(begun()), failed(begun()), completed(begun()))
    for number, end in enumerate(ends):
        see(counter, replace(end, job_id=f"job-{number}", attempt_id=f"pod-{number}"))
    counter.count(begun(attempt_id="pod-that-runs"))
    counter.count(skipped(begun(attempt_id="pod-without-a-slot"), 1, NOON))
    assert counter.statistics() == {
        "running_tasks": 1,
        "total_executions": 3,
        "successful_executions": 2,
        "failed_executions": 1,
        "success_rate": pytest.approx(200 / 3),
    }


def test_a_job_that_is_tried_again_is_counted_once_at_its_end() -> None:
    counter = JobCounter()
    attempts = (failed(begun()), failed(begun()), completed(begun()))
    for number, end in enumerate(attempts):
        see(counter, replace(end, retry_count=2, attempt_id=f"pod-{number}"))
        ended = counter.statistics()
        assert ended["total_executions"] == (1 if number == 2 else 0)
    assert ended["success_rate"] == 100
    for number in range(3):
        last = replace(failed(begun()), job_id="job-2", retry_count=2, attempt_id=f"next-{number}")
        see(counter, last)
    ended = counter.statistics()
    assert (ended["total_executions"], ended["success_rate"]) == (2, 50)


def see(counter: JobCounter, end: Outcome) -> None:
    counter.count(replace(begun(), job_id=end.job_id, attempt_id=end.attempt_id))
    counter.count(end)
