"""`jvscheduler dev` reloads edited code: it says what has changed, and other tasks go on."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.api_server import free_ports
from tests.support.dev_process import Dev, dev
from tests.support.waiting import eventually

HEAD = "import time\nfrom jvscheduler import on_schedule\nimport stock\n"
KEPT = """
@on_schedule("@yearly")
def kept() -> None: ...
"""
EDITED = """
@on_schedule("{schedule}", retry_count={retries})
def edited() -> None: ...
"""
REMOVED = """
@on_schedule("@yearly")
def removed() -> None: ...
"""
SUSPENDED = """
@on_schedule("@yearly", enabled={enabled})
def suspended() -> None: ...
"""
FIRST = HEAD + KEPT + EDITED.format(schedule="@yearly", retries=0) + REMOVED
FIRST += SUSPENDED.format(enabled=True)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Dev]:
    (tmp_path / "stock.py").write_text("UNITS = 7\n")
    (port,) = free_ports(1)
    with dev(tmp_path, FIRST, port) as started:
        eventually(lambda: tasks(started), "the API answers")
        yield started


def tasks(session: Dev) -> dict[str, dict[str, Any]]:
    tasks = session.get("/api/scheduler/status")["scheduler"]["tasks"]
    return {task["task_id"].removeprefix("tasks."): task for task in tasks}


def save(session: Dev, text: str, module: str = "tasks") -> None:
    """Replace the file by a new one, as editors do."""
    new = session.folder / f"{module}.new"
    new.write_text(text)
    new.replace(session.folder / f"{module}.py")


def wait_for_line(session: Dev, text: str) -> None:
    eventually(lambda: text in session.output, f"{text!r} is shown")


def test_changes_of_an_edit_are_shown(session: Dev) -> None:
    added = '\n@on_schedule("hourly")\ndef added() -> None: ...\n'
    edited = EDITED.format(schedule="every 5 minutes", retries=2)
    save(session, HEAD + KEPT + edited + SUSPENDED.format(enabled=False) + added)
    wait_for_line(session, "tasks.suspended suspended")
    for line in (
        "code changed: tasks.py",
        "tasks.added added: hourly UTC",
        "tasks.edited schedule: @yearly UTC → every 5 minutes UTC, retry_count: 0 → 2",
        "tasks.removed removed",
    ):
        assert line in session.output
    assert "tasks.kept" not in session.output.partition("code changed")[2]
    eventually(lambda: "added" in tasks(session), "the API shows the new tasks")
    assert sorted(tasks(session)) == ["added", "edited", "kept", "suspended"]
    assert tasks(session)["suspended"]["suspended"]
    assert tasks(session)["edited"]["schedule"] == "every 5 minutes"


@pytest.mark.parametrize(
    ("module", "broken", "error"),
    [
        pytest.param("tasks", "def broken(:\n", "invalid syntax", id="syntax"),
        pytest.param("tasks", FIRST.replace("yearly", "year", 1), "@year", id="schedule"),
        pytest.param("stock", "raise ValueError('no stock')\n", "no stock", id="import"),
    ],
)
def test_a_broken_edit_is_shown_and_the_tasks_stay(
    session: Dev, module: str, broken: str, error: str
) -> None:
    save(session, broken, module)
    wait_for_line(session, "not reloaded, the tasks stay as they were: module 'tasks'")
    assert error in session.output
    assert sorted(tasks(session)) == ["edited", "kept", "removed", "suspended"]
    save(session, "UNITS = 7\n", "stock")
    save(session, HEAD + KEPT)
    wait_for_line(session, "tasks.removed removed")
    eventually(lambda: list(tasks(session)) == ["kept"], "the next edit counts")


def test_a_module_that_failed_when_it_was_new_is_watched(session: Dev) -> None:
    package = session.folder / "shelves"
    package.mkdir()
    (package / "__init__.py").write_text("UNITS = \n")
    save(session, "import shelves\n" + FIRST)
    wait_for_line(session, "not reloaded")
    (package / "__init__.py").write_text("UNITS = 7\n")
    wait_for_line(session, "reloaded, no task has changed")
    assert "shelves/__init__.py" in session.output


def test_a_running_job_goes_on_when_its_task_is_removed(tmp_path: Path) -> None:
    (tmp_path / "stock.py").touch()
    with dev(tmp_path, HEAD + STAYS, free_ports(1)[0]) as session:
        wait_for_line(session, "here to stay")
        save(session, HEAD + KEPT + TICKS)
        wait_for_line(session, "tasks.stays removed")
        eventually(lambda: "completed" in statuses(session, "ticks"), "the new task has run")
        assert "running" in statuses(session, "stays")


def test_without_reload_an_edit_waits_for_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "stock.py").touch()
    with dev(tmp_path, HEAD + TICKS, free_ports(1)[0], "--no-reload") as session:
        eventually(lambda: statuses(session, "ticks"), "it runs")
        before = len(statuses(session, "ticks"))
        save(session, HEAD + TICKS + KEPT)
        eventually(lambda: len(statuses(session, "ticks")) > before + 3, "seconds pass")
        assert "code changed" not in session.output
        assert list(tasks(session)) == ["ticks"]


STAYS = """
@on_schedule("every second")
def stays() -> None:
    print("here to stay", flush=True)
    time.sleep(600)
"""
TICKS = """
@on_schedule("every second")
def ticks() -> None: ...
"""


def statuses(session: Dev, name: str) -> list[str]:
    return [job.status for job in session.records() if job.job_name == f"tasks.{name}"]


def test_an_interrupt_during_a_reload_leaves_no_process(session: Dev) -> None:
    save(session, "import os, pathlib, time\n" + WAITS + FIRST)
    importing = eventually(lambda: pid_in(session.folder / "importing"), "it is being imported")
    session.process.send_signal(signal.SIGINT)
    assert session.process.wait() == 0, session.output
    assert not psutil.pid_exists(importing)
    assert "Traceback" not in session.output


WAITS = "pathlib.Path('importing').write_text(str(os.getpid()))\ntime.sleep(600)\n"


def pid_in(file: Path) -> int:
    return int(file.read_text() or 0) if file.exists() else 0


def test_an_edit_of_the_projects_file_reloads(session: Dev) -> None:
    file = session.folder / "jvscheduler.toml"
    file.write_text("[tasks.'tasks.edited']\nretry_cuont = 2\n")
    wait_for_line(session, "retry_cuont is not known: did you mean retry_count?")
    assert set(tasks(session)) == {"kept", "edited", "removed", "suspended"}
    file.write_text("[tasks.'tasks.edited']\nretry_count = 2\n")
    wait_for_line(session, "tasks.edited retry_count: 0 → 2")
    file.unlink()
    wait_for_line(session, "tasks.edited retry_count: 2 → 0")
