"""The history of `dev` is true: `verify` has no findings after kills, edits and a second `dev`."""

import json
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.dev_process import PROGRAM, Dev, dev
from tests.support.waiting import eventually

TASKS = """
from jvscheduler import on_schedule

@on_schedule("every second", enabled={enabled})
def ticks() -> None: ...

@on_schedule("every {seconds} seconds")
def edited() -> None: ...
"""
SUSPENDED = """
@on_schedule("every second", enabled=False)
def rests() -> None: ...
"""
_SECOND = timedelta(seconds=1)
FIRST = TASKS.format(enabled=True, seconds=2)
SECOND = TASKS.format(enabled=False, seconds=1)


def test_dev_records_every_instant_after_a_kill_and_a_restart(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    with dev(tmp_path, FIRST) as session:
        eventually(lambda: len(statuses(session, "ticks")) > 2, "it runs")
        (tmp_path / "tasks.py").write_text(SECOND)
        eventually(lambda: "tasks.ticks suspended" in session.output, "the edit is shown")
        before = len(statuses(session, "edited"))
        eventually(lambda: len(statuses(session, "edited")) > before + 2, "the edit counts")
        session.process.kill()
        session.process.wait()
    with dev(tmp_path, FIRST) as again:
        eventually(
            lambda: {"missed", "skipped"} <= all_statuses(again),
            "old instants have records",
        )
        before = len(statuses(again, "ticks"))
        eventually(lambda: len(statuses(again, "ticks")) > before + 2, "it runs again")
        report = eventually(lambda: verified(tmp_path, began), "there is no finding")
    assert {task["task"] for task in report["tasks"]} == {"tasks.ticks", "tasks.edited"}
    assert all(task["findings"] == {} for task in report["tasks"])


def test_a_clean_stop_explains_what_was_due_since(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    with dev(tmp_path, FIRST + SUSPENDED) as session:
        eventually(lambda: len(statuses(session, "ticks")) > 2, "it runs")
        session.process.send_signal(signal.SIGINT)
        assert session.process.wait() == 0, session.output
        stopped = datetime.now(UTC)
        rests = [job for job in session.records() if job.job_name == "tasks.rests"]
    assert sum(job.instants for job in rests) >= 2, "the last seconds have their record"
    eventually(lambda: datetime.now(UTC) - stopped > 6 * _SECOND, "instants came due")
    report = verified(tmp_path, began)
    assert report["findings"] == {}
    assert all(task["sinceStop"] > 0 for task in report["tasks"])
    resumed = datetime.now(UTC)
    with dev(tmp_path, FIRST + SUSPENDED) as again:
        eventually(lambda: {"missed", "skipped"} <= all_statuses(again), "they have records now")
        eventually(lambda: len(statuses(again, "ticks")) > 6, "it runs again")
        again.process.kill()
        # What a suspended task had due since gets its record at the next full minute.
        report = verified(tmp_path, began, f"--to={resumed.isoformat()}")
    assert report["findings"] == {}
    assert all(task["sinceStop"] == 0 for task in report["tasks"])


def test_when_one_of_two_on_one_database_ends_the_other_goes_on(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    other = tmp_path / "other"
    other.mkdir()
    database = f"--database=sqlite:///{tmp_path}/jvscheduler.db"
    with dev(tmp_path, FIRST) as one, dev(other, FIRST, 0, database) as two:
        eventually(lambda: " started" in one.output + two.output, "one of them runs it")
        eventually(lambda: "API on" in one.output and "API on" in two.output, "both serve")
        before = len(statuses(one, "ticks"))
        eventually(lambda: len(statuses(one, "ticks")) > before + 3, "both run")
        one.process.send_signal(signal.SIGINT)
        assert one.process.wait() == 0, one.output
        before = len(statuses(one, "ticks"))
        eventually(lambda: len(statuses(one, "ticks")) > before + 3, "the other goes on")
        report = eventually(lambda: verified(tmp_path, began), "there is no finding")
    assert all(task["findings"] == {} for task in report["tasks"])
    assert "unexpected error" not in one.output + two.output


def statuses(session: Dev, name: str) -> list[str]:
    return [job.status for job in session.records() if job.job_name == f"tasks.{name}"]


def all_statuses(session: Dev) -> set[str]:
    return {job.status for job in session.records()}


def verified(folder: Path, since: datetime, *options: str) -> Any:
    """The report, once it has no finding."""
    times = (f"--from={since.isoformat()}", "--grace=3s")
    database = f"--database=sqlite:///{folder}/jvscheduler.db"
    done = subprocess.run(
        [PROGRAM, "verify", *times, *options, database, "--output=json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
