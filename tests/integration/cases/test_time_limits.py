"""The limit of a task counts from its own first line: no import and no pause counts against it."""

import re
import shutil
from pathlib import Path

from jvscheduler import environment
from jvscheduler.attempt.retries import draw, jitter, retry_pause
from jvscheduler.outcomes import Reason, Status
from tests import cases
from tests.support.dev_process import history, run_dev
from tests.support.runner.process import Runner
from tests.support.worker_process import SHORT_IMPORT_SECONDS, a_worker

CASES = Path(next(iter(cases.__path__)))


def test_six_tasks_that_import_at_the_same_time_are_held_to_their_own_code(tmp_path: Path) -> None:
    with a_worker(tmp_path) as worker:
        loop = worker.connect()
        for name in "abcdef":
            loop.run(name, f"timeout_clock.{name}", timeout_seconds=2, package="tests.cases")
        for name in "abcdef":
            end = loop.end(name)
            assert (end.status, end.result) == (Status.COMPLETED, 1), end.error_message
            assert 1 <= end.ended_at - end.started_at < 2


def test_a_task_that_imports_longer_than_its_limit_completes_in_a_pod(
    sqlite_url: str, tmp_path: Path
) -> None:
    limit = {environment.TIMEOUT_SECONDS: "1"}
    runner = Runner(tmp_path, "imports_slowly.task", sqlite_url, options=limit)
    assert runner.run().code == 0
    assert (runner.record().duration_seconds or 9) < 1


def test_an_import_that_does_not_end_has_a_limit_and_a_reason_of_its_own(tmp_path: Path) -> None:
    with a_worker(tmp_path, import_seconds=SHORT_IMPORT_SECONDS) as worker:
        loop = worker.connect()
        end = loop.result("hangs", "hangs_on_import.task")
        assert (end.status, end.reason) == (Status.TIMEOUT, Reason.IMPORT_TIMEOUT)
        assert "was not imported within 4 s" in (end.error_message or "")
        assert "hangs_on_import.py" in (end.traceback or ""), "it says where"


def test_the_pause_before_a_further_attempt_is_no_run_time(tmp_path: Path) -> None:
    shutil.copy(CASES / "retry_timeout.py", tmp_path / "tasks.py")
    done = run_dev(tmp_path, "tasks", "--once", "second_time_lucky")
    (job,) = history(tmp_path)
    first, second = job.attempts
    assert [first["status"], second["status"]] == ["failed", "completed"]
    pause = retry_pause(1) + jitter(1, draw(second["attempt_id"]))
    assert f"is tried again in {pause:.1f} s" in done.stderr
    (took,) = re.findall(r"completed in ([\d.]+) s", done.stderr)
    assert 1 <= float(took) < 2
