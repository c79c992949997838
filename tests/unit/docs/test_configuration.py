"""docs/reference/configuration.md: its file works, and it leaves out no key."""

import json
import re
from pathlib import Path

import pytest

from jvscheduler.configuration.model import Configuration
from tests.support.command import run_command
from tests.support.docs.markdown import DOCS, first_names

PAGE = (DOCS / "reference" / "configuration.md").read_text()
TASKS = """
from jvscheduler import on_schedule

@on_schedule("daily")
def clean_up() -> None: ...

@on_schedule("daily", time_zone="UTC")
def report_sales() -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tasks.py").write_text(TASKS)
    return tmp_path


def show(folder: Path, *words: str) -> str:
    done = run_command(folder, "config", "show", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_has_every_key() -> None:
    assert set(first_names(PAGE)) == set(Configuration.model_fields)


def test_the_file_decides_as_the_page_says(folder: Path) -> None:
    tasks = json.loads(show(folder, "-o", "json"))["tasks"]
    values = {
        (task_id, name): own["value"]
        for task_id, options in tasks.items()
        for name, own in options.items()
    }
    assert values["shop.tasks.clean_up", "schedule"] == "daily at 03:00"
    assert values["shop.tasks.clean_up", "time_zone"] == "Europe/Berlin"
    assert values["shop.tasks.report_sales", "time_zone"] == "UTC"
    assert values["shop.tasks.report_sales", "timeout_seconds"] == 600


def test_the_command_prints_what_the_page_shows(folder: Path) -> None:
    (shown,) = re.findall(r"```\n\$ jvscheduler config show (.*?)```", PAGE, re.DOTALL)
    words, *lines = shown.splitlines()
    expected = {" ".join(line.split()) for line in lines} - {"…"}
    printed = show(folder, *words.split()).splitlines()
    assert expected <= {" ".join(line.split()) for line in printed}
