"""Discovery finds static methods, partials and functions with several tasks by their names."""

import textwrap
from pathlib import Path

import pytest

from jvscheduler.discovery import discover
from jvscheduler.errors import DiscoveryError
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task

TIME_LIMIT = 60.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(folder: Path, text: str, *modules: str) -> dict[str, Task]:
    (folder / "shop.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return {task.task_id: task for task in discover(["shop", *modules], TIME_LIMIT)}


def test_static_methods_are_found_in_both_orders(folder: Path) -> None:
    tasks = found(
        folder,
        """
        from datetime import date
        from jvscheduler import on_schedule

        class Reports:
            @staticmethod
            @on_schedule("daily")
            def daily() -> None: ...

            @on_schedule("weekly", args={"day": "2026-03-01"})
            @staticmethod
            def weekly(day: date) -> None: ...
        """,
    )
    assert {task.entrypoint for task in tasks.values()} == {
        "shop:Reports.daily",
        "shop:Reports.weekly",
    }
    schema = tasks["shop.Reports.weekly"].args_schema
    assert schema is not None
    assert schema["properties"] == {"day": {"format": "date", "type": "string"}}


def test_a_function_has_a_task_for_each_of_its_ids(folder: Path) -> None:
    (folder / "elsewhere.py").write_text("from shop import report\n")
    tasks = found(
        folder,
        """
        from jvscheduler import on_schedule

        @on_schedule("H H * * *", task_id="shop.eu")
        @on_schedule("hourly", task_id="shop.us")
        def report() -> None: ...
        """,
        "elsewhere",
    )
    assert {task.entrypoint for task in tasks.values()} == {"shop:report"}
    assert tasks["shop.eu"].schedule == parse_schedule("H H * * *", seed="shop.eu")
    assert tasks["shop.us"].schedule.cron == "0 * * * *"


PARTIALS = """
from functools import partial
from jvscheduler import on_schedule

def report(region: str, days: int = 1) -> None: ...

nightly = on_schedule("H 3 * * *", args={"days": 2})(partial(report, region="eu"))
weekly = on_schedule("weekly")(partial(report, "us"))
"""


def test_a_partial_is_found_by_the_name_of_its_own_module(folder: Path) -> None:
    (folder / "elsewhere.py").write_text("from shop import nightly as other\n")
    (folder / "shop.py").write_text(PARTIALS)
    tasks = {task.task_id: task for task in discover(["elsewhere", "shop"], TIME_LIMIT)}
    nightly, weekly = tasks["shop.nightly"], tasks["shop.weekly"]
    assert (nightly.entrypoint, weekly.entrypoint) == ("shop:nightly", "shop:weekly")
    assert nightly.schedule == parse_schedule("H 3 * * *", seed="shop.nightly")
    for task in (nightly, weekly):
        assert task.args_schema is not None
        assert list(task.args_schema["properties"]) == ["days"]
        assert "required" not in task.args_schema


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("on_schedule('daily')(partial(report, 'eu'))", "no name of the module is bound to it"),
        ("größe = on_schedule('daily')(partial(report, 'eu'))", "cannot be a task_id"),
        (
            "a = on_schedule('daily')(on_schedule('hourly')(partial(report, 'eu')))",
            "shop:a has on_schedule twice with the task_id 'shop.a': give each a task_id of",
        ),
        ("nightly = None", "no name of the module is bound to it"),
        (
            "class Jobs:\n  @on_schedule('daily')\n  @staticmethod\n  def run(): ...\n"
            "class Jobs: ...",
            "decorates a function Jobs.run, but after the import Jobs.run is another object",
        ),
    ],
)
def test_what_has_no_name_is_refused(line: str, message: str, folder: Path) -> None:
    (folder / "shop.py").write_text(PARTIALS + line + "\n", encoding="utf-8")
    with pytest.raises(DiscoveryError, match=message):
        discover(["shop"], TIME_LIMIT)
