"""Loops without a pod have a spool folder each, and the next loop finds it again."""

import tempfile
from pathlib import Path

import pytest

from jvscheduler.errors import InvalidSettings
from jvscheduler.loop.recording.spool_folder import spool_folder

URL = "postgresql://me@here/app"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_next_loop_on_a_database_finds_the_entries_of_the_last_one() -> None:
    with spool_folder(URL) as folder:
        (folder / "kept.jsonl").touch()
    with spool_folder("postgresql://me@here/other") as other:
        assert other != folder
    with spool_folder(URL) as again:
        assert again == folder


def test_loops_at_the_same_time_have_folders_of_their_own() -> None:
    with spool_folder(URL) as first, spool_folder(URL) as second:
        assert first != second
        (second / "kept.jsonl").touch()
    with spool_folder(URL) as again:
        assert again == second


def test_a_folder_without_entries_is_removed(temporary: Path) -> None:
    with spool_folder(URL) as folder:
        assert folder.is_dir()
    (root,) = temporary.iterdir()
    assert list(root.iterdir()) == []
    assert root.stat().st_mode & 0o077 == 0


def test_one_file_is_one_database_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with spool_folder("sqlite:///app.db") as here:
        (here / "kept.jsonl").touch()
    with spool_folder(f"sqlite:///{tmp_path}/app.db") as there:
        assert there == here


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    with spool_folder(URL) as folder:
        root = folder.parents[1]
    elsewhere = tmp_path / "elsewhere"
    root.rename(elsewhere)
    root.symlink_to(elsewhere)
    with pytest.raises(InvalidSettings, match="TMPDIR"), spool_folder(URL):
        pass
