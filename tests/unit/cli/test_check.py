"""`jvscheduler build --check`, run as a process like in a user's shell."""

import json
from pathlib import Path

import pytest
import yaml

from jvscheduler.cli import _parser
from tests.support.command import run_command as run
from tests.support.readme import ROOT

TASKS = """
from jvscheduler import on_schedule

@on_schedule("every 5 minutes", timeout_seconds=30)
def second() -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(TASKS)
    return tmp_path


def test_a_check_writes_nothing_and_has_an_exit_code(folder: Path) -> None:
    check = ("build", "shop", "--image", "shop", "--check")
    done = run(folder, *check)
    assert (done.returncode, done.stderr) == (1, "")
    assert "shop.second: NoMemoryLimit: " in done.stdout
    assert "all tasks: ImageWithoutTag: " in done.stdout
    done = run(folder, *check, "--ignore", "NoMemoryLimit", "--ignore", "ImageWithoutTag")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_check_as_json(folder: Path) -> None:
    done = run(folder, "build", "shop", "--image", "shop:1", "--check", "-o", "json")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["kind"], finding["task"]) == ("NoMemoryLimit", "shop.second")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--check", "--output", "x.yaml"), "--check writes nothing"),
        (("-o", "json", "--max-simultaneous", "3"), "--max-simultaneous, -o is for --check"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    folder: Path, words: tuple[str, ...], message: str
) -> None:
    done = run(folder, "build", "shop", "--image", "shop:1", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


def test_the_hook_for_pre_commit_calls_the_check() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "jvscheduler-check"
    program, *words = hook["entry"].split()
    assert program == "jvscheduler"
    assert _parser(words).parse_args(words).check
