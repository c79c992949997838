"""The fork of a child."""

import gc
import select
import signal
from contextlib import closing
from functools import partial

import psutil
import pytest

from jvscheduler import kernel
from jvscheduler.attempt import process
from jvscheduler.attempt.child.calls import Callee
from jvscheduler.attempt.child.main import run_task
from jvscheduler.attempt.process import TaskProcess, Usage
from jvscheduler.redaction import FORMS_ONLY
from tests.support.waiting import eventually

TASKS = "tests.support.runner.tasks"


def test_a_fork_that_fails_leaves_no_descriptor_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process() -> int:
        raise BlockingIOError("no process is left")

    monkeypatch.setattr(process, "fork", no_process)
    gc.collect()  # else it may close the event loops of other tests below, and their descriptors
    before = psutil.Process().num_fds()
    with pytest.raises(OSError, match="no process is left"):
        TaskProcess(
            partial(run_task, Callee("tests.support.runner.tasks.ends:returns"), None), FORMS_ONLY
        )
    assert psutil.Process().num_fds() == before


class TestStop:
    """A child that is stopped before its task began ends at once, and says nothing of its own."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_at_its_gate(self, number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
        child = TaskProcess(partial(run_task, Callee(f"{TASKS}.times_out:sync"), None), FORMS_ONLY)
        eventually(lambda: child.progress().is_loaded, "it waits", pause=0.01)
        child.signal(number)
        assert ended(child).exit_code == 128 + number
        assert child.report() is None
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("module", "code"), [("hangs_on_import", 1), ("goes_on_with_its_import", 143)]
    )
    def test_while_it_imports(
        self, module: str, code: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        child = importing(module, capfd)
        child.signal(signal.SIGTERM)
        assert ended(child).exit_code == code
        assert capfd.readouterr() == ("", "")

    def test_the_report_says_where_an_import_hung(self, capfd: pytest.CaptureFixture[str]) -> None:
        child = importing("hangs_on_import", capfd)
        child.end_for_time()
        assert ended(child).exit_code == 1, "it was not killed at its gate"
        report = child.report()
        assert report is not None
        assert "hangs_on_import.py" in (report.traceback or "")


def test_a_file_that_a_daemon_thread_still_reads_delays_no_end(
    capfd: pytest.CaptureFixture[str],
) -> None:
    child = TaskProcess(partial(run_task, Callee(f"{TASKS}.reads_for_ever:task"), None), FORMS_ONLY)
    child.gate.open()
    assert ended(child).exit_code == 0
    assert capfd.readouterr() == ("", ""), "nothing was cut off"


def importing(module: str, capfd: pytest.CaptureFixture[str]) -> TaskProcess:
    """A child in the middle of its import."""
    child = TaskProcess(partial(run_task, Callee(f"{TASKS}.{module}:task"), None), FORMS_ONLY)
    eventually(lambda: "importing" in capfd.readouterr().out, "it imports", pause=0.01)
    return child


def ended(child: TaskProcess) -> Usage:
    """Return the usage of the child, once it has ended by itself."""
    with closing(kernel.EndDescriptor(child.pid)) as end:
        assert select.select([end], [], [], 20)[0], "it ends"
    usage = child.reap()
    child.gate.close()
    return usage
