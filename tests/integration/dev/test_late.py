"""`dev` looks too late, as after a machine has slept: the starting deadline decides what runs."""

import signal
import time
from pathlib import Path

from tests.cluster.api_server import free_ports
from tests.support.dev_process import Dev, dev
from tests.support.waiting import eventually

PERIOD = 40
TASKS = f"""
from jvscheduler import on_schedule

@on_schedule("every {PERIOD} seconds", starting_deadline_seconds=10)
def strict() -> None: ...

@on_schedule("every {PERIOD} seconds")
def patient() -> None: ...
"""
COMPLETED = ("completed", None)


def ends(session: Dev, function: str) -> dict[float, tuple[str, str | None]]:
    """Status and reason by the scheduled time."""
    records = [r for r in session.records() if r.job_name == f"tasks.{function}"]
    return {
        r.scheduled_time.timestamp(): (r.status, r.reason)
        for r in records
        if r.scheduled_time is not None and r.completed_at is not None
    }


def test_a_job_that_dev_sees_too_late_is_missed(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with dev(tmp_path, TASKS, port) as session:
        for function in ("strict", "patient"):
            eventually(lambda f=function: ends(session, f), f"{function} has completed")  # type: ignore[misc]
        due = max(ends(session, "patient")) + PERIOD
        session.process.send_signal(signal.SIGSTOP)
        time.sleep(due + 12 - time.time())
        session.process.send_signal(signal.SIGCONT)
        eventually(lambda: ends(session, "patient").get(due) == COMPLETED, "the late job runs")
        assert ends(session, "strict")[due] == ("missed", "DeadlineMissed")
