"""`jvscheduler dev` as a process: due tasks run, the API shows them, Ctrl-C ends everything.

A task is due at a full minute. So two sessions wait for the same minute: one is
ended by one Ctrl-C, the other by two.
"""

import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.api_server import free_ports
from tests.support.dev_process import Dev, dev, run_dev
from tests.support.runner.process import left_running
from tests.support.waiting import eventually

TASKS = """
import signal, time
from jvscheduler import on_schedule

@on_schedule("every minute", description="Quick")
def quick() -> int:
    return 7

@on_schedule("every minute", retry_count=3)
async def fails() -> None:
    raise ValueError("no stock")

@on_schedule("every minute", enabled=False)
def suspended() -> None: ...

@on_schedule("every minute")
def stays() -> None:
    time.sleep(600)
"""

DEAF = """
import signal, time
from jvscheduler import on_schedule

@on_schedule("every minute")
def deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf now", flush=True)
    while True:
        time.sleep(600)
"""


@dataclass(frozen=True)
class Seen:
    """The answers and the output of a session, while it ran and after it ended."""

    status: dict[str, Any]
    jobs: dict[str, dict[str, Any]]
    docs: str
    exit_code: int
    output: str
    records: dict[str, Any]
    left_running: Sequence[int]


@dataclass(frozen=True)
class Sessions:
    patient: Seen
    impatient: Seen


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    folder, other = tmp_path_factory.mktemp("patient"), tmp_path_factory.mktemp("impatient")
    ports = free_ports(2)
    with dev(folder, TASKS, ports[0]) as patient, dev(other, DEAF, ports[1]) as impatient:
        eventually(lambda: states(patient) == BEFORE_THE_END, "the tasks have their last status")
        eventually(lambda: "deaf now" in impatient.output, "the deaf task runs")
        return Sessions(see(patient), see(impatient, interrupts=2))


BEFORE_THE_END = {
    "quick": "completed",
    "fails": "pending",
    "suspended": "skipped",
    "stays": "running",
}


def states(session: Dev) -> dict[str, str]:
    return {name: job["status"] for name, job in session.jobs().items()}


def see(session: Dev, interrupts: int = 1) -> Seen:
    status, jobs = session.get("/api/scheduler/status"), session.jobs()
    docs, children = (
        session.get("/docs"),
        psutil.Process(session.process.pid).children(recursive=True),
    )
    for number in range(interrupts):
        session.process.send_signal(signal.SIGINT)
        eventually(lambda: "ending" in session.output, f"interrupt {number} is answered")
    code = session.process.wait()
    records = session.records()
    return Seen(
        status=status,
        jobs=jobs,
        docs=docs,
        exit_code=code,
        output=session.output,
        records={job.job_name.removeprefix("tasks."): job for job in records},
        left_running=left_running([child.pid for child in children]),
    )


def test_a_due_task_is_run_and_shown(sessions: Sessions) -> None:
    job = sessions.patient.jobs["quick"]
    assert job["status"] == "completed"
    assert job["scheduled_time"].endswith(":00Z")
    assert sessions.patient.records["quick"].result == 7


def test_a_suspended_task_is_listed_and_skipped(sessions: Sessions) -> None:
    tasks = {t["task_id"]: t for t in sessions.patient.status["scheduler"]["tasks"]}
    assert tasks["tasks.suspended"]["suspended"]
    assert tasks["tasks.suspended"]["next_schedule_time"] is None
    assert not tasks["tasks.quick"]["suspended"]
    assert sessions.patient.jobs["suspended"]["reason"] == "Suspended"


def test_the_api_is_described(sessions: Sessions) -> None:
    assert "GET /api/scheduler/jobs/recent" in sessions.patient.docs


def test_an_interrupt_ends_all_tasks_and_records_them(sessions: Sessions) -> None:
    seen = sessions.patient
    assert seen.exit_code == 0, seen.output
    assert (seen.records["stays"].status, seen.records["stays"].reason) == ("failed", "Terminated")
    assert seen.records["fails"].status == "pending"
    assert seen.left_running == []


def test_a_second_interrupt_kills(sessions: Sessions) -> None:
    seen = sessions.impatient
    assert seen.exit_code == 130, seen.output
    assert (seen.records["deaf"].status, seen.records["deaf"].reason) == ("failed", "RunnerLost")
    assert seen.left_running == []


def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        done = run_dev(tmp_path, "tasks", f"--port={port}")
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("no_such_module",), "no_such_module", id="module"),
        pytest.param(("tasks", "--database=redis://here"), "sqlite:///", id="scheme"),
        pytest.param(
            ("tasks", "--database=sqlite:////proc/none/h.db"), "no folder /proc/none", id="folder"
        ),
        pytest.param(("tasks", "--database=sqlite:////proc/h.db"), "is unavailable", id="file"),
        pytest.param(("tasks", "--port=99999"), "65535", id="port"),
    ],
)
def test_a_wrong_argument_is_an_error_before_anything_runs(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    done = run_dev(tmp_path, "--port=0", *words)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
