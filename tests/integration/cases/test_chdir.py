"""A module that changes the directory: record and entity are in one database, in every mode."""

import os
import sqlite3
from pathlib import Path

from jvscheduler.outcomes import Status
from tests import cases
from tests.support.dev_process import run_dev
from tests.support.readme import ROOT
from tests.support.runner.process import Runner
from tests.support.worker_process import a_worker

CASE = Path(next(iter(cases.__path__))) / "chdir.py"


def entities(folder: Path, file: str = "history.db") -> set[str]:
    with sqlite3.connect(folder / file) as connection:
        rows = connection.execute("SELECT json_extract(data, '$.entity') FROM records")
        return {entity for (entity,) in rows}


def test_under_dev(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(CASE.read_text())
    done = run_dev(tmp_path, "tasks", "--once", "note")
    assert done.returncode == 0, done.stderr
    assert entities(tmp_path, "jvscheduler.db") >= {"ScheduledJob", "Note"}


def test_in_a_pod(tmp_path: Path) -> None:
    runner = Runner(tmp_path, "chdir.note", "sqlite:///history.db", package="tests.cases")
    runner.cwd, runner.options = tmp_path, {"PYTHONPATH": str(ROOT)}
    ended = runner.run()
    assert ended.code == 0, ended.output
    assert entities(tmp_path) >= {"ScheduledJob", "Note"}


def test_in_a_loops_worker(tmp_path: Path) -> None:
    relative = os.path.relpath(tmp_path / "history.db", ROOT)
    with a_worker(tmp_path, f"sqlite:///{relative}") as worker:
        loop = worker.connect()
        loop.run("note", "chdir.note", package="tests.cases")
        end = loop.end("note")
        assert (end.status, end.result) == (Status.COMPLETED, 1), end.error_message
    assert entities(tmp_path) == {"Note"}
