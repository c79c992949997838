"""Every command that prints: a full disk and a closed standard output are plain errors."""

import asyncio
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from jvscheduler.history.store.database import open_store
from tests.support.history.stories import revision

TASKS = """
from jvscheduler import on_schedule

@on_schedule("daily at 09:00")
def quick() -> None: ...
"""
DATABASE = "sqlite:///history.db"
COMMANDS = [
    pytest.param("build tasks --image shop:1", 1, id="build"),
    pytest.param("next daily", 1, id="next"),
    pytest.param("preview tasks -o json", 1, id="preview"),
    pytest.param(f"verify --from 2026-03-02 --to 2026-03-03 --database {DATABASE}", 2, id="verify"),
    pytest.param(f"history prune --older-than 1d --database {DATABASE}", 1, id="history"),
    pytest.param("--help", 1, id="help"),
    pytest.param("build --help", 1, id="help of a command"),
    pytest.param("--version", 1, id="version"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "tasks.py").write_text(TASKS)
    asyncio.run(with_a_task(f"sqlite:///{folder}/history.db"))
    return folder


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")],
    ids=["full", "closed"],
)
@pytest.mark.parametrize(("words", "code"), COMMANDS)
def test_output_that_cannot_be_written_is_an_error(
    words: str, code: int, redirection: str, reason: str, folder: Path
) -> None:
    done = run(f"{words} {redirection}", folder)
    assert done.stderr == f"jvscheduler: error: standard output cannot be written: {reason}\n"
    assert done.returncode == code


@pytest.mark.parametrize(("words", "_"), COMMANDS)
def test_a_reader_that_has_ended_is_no_error_to_tell(words: str, _: int, folder: Path) -> None:
    # The reader ends before the command prints.
    done = run(f"{words} | true; exit ${{PIPESTATUS[0]}}", folder)
    assert (done.returncode in (0, 141), done.stderr) == (True, "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_the_other_standard_streams_may_be_closed(closed: str, folder: Path) -> None:
    done = run(f"build tasks --image shop:1 {closed}", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "kind: ScheduledTask" in done.stdout


def test_an_error_does_not_go_to_standard_output(folder: Path) -> None:
    assert run("build tasks --image '' 2>&-", folder).stdout == ""
    assert run("build none --image shop:1 2>&-", folder).stdout == ""


def run(words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = f"{shlex.quote(sys.executable)} -m jvscheduler.cli {words}"
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )


async def with_a_task(url: str) -> None:
    store = open_store(url)
    await store.open()
    await store.add_revisions([revision(0)])
    await store.close()
