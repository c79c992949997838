"""`jvscheduler dev --once TASK` runs one job now, shows it, records it and sets the exit code."""

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.api_server import free_ports
from tests.support.dev_process import PROGRAM, dev, history, run_dev
from tests.support.waiting import eventually

TASKS = """
import pathlib, time
from jvscheduler import on_schedule

@on_schedule("@yearly")
def quick() -> int:
    print("counted 7")
    return 7

@on_schedule("@yearly", enabled=False)
async def suspended() -> None: ...

@on_schedule("@yearly")
def fails() -> None:
    raise ValueError("no stock")

@on_schedule("@yearly", timeout_seconds=1)
def slow() -> None:
    time.sleep(600)

@on_schedule("@yearly", retry_count=1)
def fails_first() -> None:
    marker = pathlib.Path("failed")
    if not marker.exists():
        marker.touch()
        raise ValueError("not yet")

@on_schedule("@yearly")
def stays() -> None:
    print("here to stay", flush=True)
    time.sleep(600)
"""
TALKATIVE = """
import os, sys
from jvscheduler import on_schedule

@on_schedule("@yearly")
def talks() -> None:
    text = b"".join(b"line %06d\\n" % number for number in range(300_000))
    while text:
        text = text[os.write(1, text[:65536]) :]
    raise ValueError("at the end")
"""
OTHER = """
from jvscheduler import on_schedule

@on_schedule("@yearly")
def quick() -> None: ...
"""


@dataclass(frozen=True)
class Case:
    task: str
    exit_code: int
    status: str
    reason: str | None = None
    attempts: int = 1


CASES = [
    Case("tasks.quick", 0, "completed"),
    Case("quick", 0, "completed"),
    Case("suspended", 0, "completed"),
    Case("fails", 1, "failed", "TaskRaised"),
    Case("slow", 1, "timeout", "DeadlineExceeded"),
    Case("fails_first", 0, "completed", attempts=2),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.task)
def test_a_task_runs_once_and_sets_the_exit_code(case: Case, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    done = run_dev(tmp_path, "tasks", "--once", case.task)
    (job,) = history(tmp_path)
    assert done.returncode == case.exit_code, done.stderr
    assert (job.status, job.reason, len(job.attempts)) == (case.status, case.reason, case.attempts)
    assert job.job_name == f"tasks.{case.task.removeprefix('tasks.')}"
    assert job.scheduled_time is None
    assert f"{job.job_name} {case.status} in" in done.stderr


def test_its_output_is_shown_unchanged(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    assert run_dev(tmp_path, "tasks", "--once", "quick").stdout == "counted 7\n"


def test_output_that_goes_to_a_file_is_complete(tmp_path: Path) -> None:
    """The task prints faster than the file is written."""
    (tmp_path / "tasks.py").write_text(TALKATIVE)
    done = run_dev(tmp_path, "tasks", "--once", "talks")
    *lines, last = done.stdout.splitlines()
    assert lines[:300_000] == [f"line {number:06}" for number in range(300_000)]
    assert last == "ValueError: at the end"
    assert "are lost" not in done.stderr


@pytest.mark.parametrize(
    ("redirection", "code", "message"),
    [
        (">/dev/full", 1, "standard output cannot be written: No space left on device"),
        (">&-", 1, "standard output cannot be written: Bad file descriptor"),
        ("| true; exit ${PIPESTATUS[0]}", 141, None),
    ],
    ids=["full", "closed", "no reader"],
)
def test_output_that_cannot_be_written_ends_no_task(
    redirection: str, code: int, message: str | None, tmp_path: Path
) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    done = subprocess.run(
        ["bash", "-c", f"{PROGRAM} dev tasks --once quick {redirection}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    own = [line for line in done.stderr.splitlines() if line.startswith("jvscheduler")]
    assert own == ([f"jvscheduler: error: {message}"] if message else [])
    assert "Traceback" not in done.stderr
    assert [job.status for job in history(tmp_path)] == ["completed"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("--once", "quik"), "(did you mean quick?)", id="nearest"),
        pytest.param(("--once", "none"), "are: other.quick, tasks.fails, tasks.fa", id="all"),
        pytest.param(("--once", "quick"), "any of other.quick, tasks.quick", id="ambiguous"),
        pytest.param(("--once", "fails", "--port=0"), "--host, --port", id="port"),
    ],
)
def test_a_wrong_task_is_an_error_and_leaves_no_record(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "other.py").write_text(OTHER)
    done = run_dev(tmp_path, "tasks", "other", *words)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "jvscheduler.db").exists()


def test_with_another_dev_running_the_limit_holds_and_the_job_is_shown(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with dev(tmp_path, TASKS, port) as session:
        eventually(lambda: session.get("/api/scheduler/status"), "the API answers")
        assert run_dev(tmp_path, "tasks", "--once", "quick").returncode == 0
        first = tmp_path / "first"
        first.mkdir()
        database = f"--database=sqlite:///{tmp_path}/jvscheduler.db"
        with dev(first, TASKS, 0, database, "--once", "stays") as holding:
            eventually(lambda: "here to stay" in holding.output, "the first runs")
            second = run_dev(tmp_path, "tasks", "--once", "stays")
            holding.process.send_signal(signal.SIGINT)
            assert holding.process.wait() == 1
        assert session.jobs()["quick"]["status"] == "completed"
    assert second.returncode == 1
    assert "tasks.stays skipped" in second.stderr
    reasons = {job.reason for job in history(tmp_path) if job.job_name == "tasks.stays"}
    assert reasons == {"ConcurrencyLimit", "Terminated"}


def test_a_stop_while_it_waits_for_a_retry_is_a_failure(tmp_path: Path) -> None:
    with dev(tmp_path, TASKS, 0, "--once", "fails_first") as session:
        eventually(lambda: "tried again" in session.output, "the retry is awaited")
        session.process.send_signal(signal.SIGINT)
        assert session.process.wait() == 1
    (job,) = history(tmp_path)
    assert (job.status, job.reason, len(job.attempts)) == ("failed", "TaskRaised", 1)


def test_the_options_of_the_projects_file_hold(tmp_path: Path) -> None:
    (tmp_path / "jvscheduler.toml").write_text(
        "modules = ['tasks']\nenvironments.night.tasks.'tasks.slow'.timeout_seconds = 2\n"
    )
    (tmp_path / "tasks.py").write_text(TASKS)
    command = [str(PROGRAM), "dev", "--env", "night", "--once", "slow"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1
    (record,) = history(tmp_path)
    assert (record.status, record.reason) == ("timeout", "DeadlineExceeded")
