"""The fork of a child."""

import gc
from functools import partial
from pathlib import Path

import pytest

from jvscheduler.attempt import process
from jvscheduler.attempt.child.main import run_task
from jvscheduler.attempt.process import TaskProcess


def test_a_fork_that_fails_leaves_no_descriptor_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process() -> int:
        raise BlockingIOError("no process is left")

    monkeypatch.setattr(process, "fork", no_process)
    gc.collect()  # else it may close the event loops of other tests below, and their descriptors
    before = sorted(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match="no process is left"):
        TaskProcess(partial(run_task, "tests.support.runner.tasks.ends:returns", None))
    assert sorted(Path("/proc/self/fd").iterdir()) == before
