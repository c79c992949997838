"""How a reload describes changes of tasks, and which changes of files it sees."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from jvscheduler.dev.changes import changes
from jvscheduler.dev.watch import changed_files, snapshot
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task

TASK = Task("a", "m:a", parse_schedule("daily at 02:30", "Europe/Berlin"))
ONCE = parse_schedule("daily at 02:30", "Europe/Berlin", dst="once")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ([TASK], [TASK], []),
        ([], [TASK], ["a added: daily at 02:30 Europe/Berlin"]),
        ([], [replace(TASK, enabled=False)], ["a added: daily at 02:30 Europe/Berlin, suspended"]),
        ([TASK], [], ["a removed"]),
        ([TASK], [replace(TASK, enabled=False)], ["a suspended"]),
        ([replace(TASK, enabled=False)], [TASK], ["a resumed"]),
        ([TASK], [replace(TASK, timeout_seconds=5)], ["a timeout_seconds: None → 5"]),
        (
            [TASK],
            [replace(TASK, schedule=ONCE)],
            ["a schedule: daily at 02:30 Europe/Berlin → daily at 02:30 Europe/Berlin, dst once"],
        ),
        (
            [TASK],
            [replace(TASK, task_id="b")],
            ["a removed", "b added: daily at 02:30 Europe/Berlin"],
        ),
    ],
)
def test_each_task_that_has_changed_has_a_line(
    before: list[Task], after: list[Task], lines: list[str]
) -> None:
    assert changes(before, after) == lines


def test_an_edit_an_addition_and_a_removal_are_changes(tmp_path: Path) -> None:
    edited, removed, added, kept = (tmp_path / f"{n}.py" for n in ("edited", "gone", "new", "kept"))
    for file in (edited, removed, kept, tmp_path / "data.txt"):
        file.write_text("1")
    before = snapshot([tmp_path])
    edited.write_text("12")
    removed.unlink()
    added.touch()
    (tmp_path / "data.txt").write_text("12")
    assert changed_files(before, snapshot([tmp_path])) == [edited, removed, added]


def test_a_file_edited_since_the_import_began_counts_as_changed(tmp_path: Path) -> None:
    early, late = tmp_path / "early.py", tmp_path / "late.py"
    for file, seconds in ((early, 100), (late, 200)):
        file.touch()
        os.utime(file, (seconds, seconds))
    assert changed_files(snapshot([tmp_path], modified_before=150), snapshot([tmp_path])) == [late]


def test_a_folder_that_is_gone_has_no_files(tmp_path: Path) -> None:
    assert snapshot([tmp_path / "gone"]) == {}
