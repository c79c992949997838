"""The commands take what they need from the project's file, run as in a user's shell."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import run_command as run

TASKS = """
from jvscheduler import on_schedule

@on_schedule("daily at 03:00", task_id="clean-up", retry_count=1)
def clean_up(days: int = 7) -> None: ...

@on_schedule("hourly")
def report() -> None: ...
"""
PROJECT = """
[project]
name = "shop"

[tool.jvscheduler]
modules = ["shop"]
image = "shop:1"
defaults.timeout_seconds = 60
tasks.clean-up = { retry_count = 2, args.days = 3 }

[tool.jvscheduler.environments.prod]
image = "shop:2"
namespace = "prod"
tasks."shop.*".enabled = false
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(TASKS)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return tmp_path


def output(folder: Path, *words: str) -> str:
    done = run(folder, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def built(folder: Path, *words: str) -> dict[str, Any]:
    """The built ScheduledTasks, by name."""
    found = yaml.safe_load_all(output(folder, "build", *words))
    return {task["metadata"]["name"]: task for task in found}


def test_build_needs_no_arguments(folder: Path) -> None:
    tasks = built(folder)
    assert set(tasks) == {"clean-up", "shop-report"}
    spec = tasks["clean-up"]["spec"]
    assert (spec["image"], spec["backoffLimit"], spec["args"]) == ("shop:1", 2, {"days": 3})
    assert spec["activeDeadlineSeconds"] == 60
    assert "namespace" not in tasks["clean-up"]["metadata"]
    assert tasks["clean-up"]["metadata"]["labels"] == {"jvscheduler.dev/application": "shop"}


def test_build_for_an_environment(folder: Path) -> None:
    tasks = built(folder, "--env", "prod")
    assert tasks["shop-report"]["spec"]["suspend"] is True
    # Who has suspended it by hand resumes it by hand.
    assert "suspend" not in tasks["clean-up"]["spec"]
    assert {(t["metadata"]["namespace"], t["spec"]["image"]) for t in tasks.values()} == {
        ("prod", "shop:2")
    }


def test_the_command_line_comes_before_the_file(folder: Path) -> None:
    tasks = built(folder, "--env", "prod", "--image", "shop:3", "--namespace", "test")
    assert tasks["clean-up"]["spec"]["image"] == "shop:3"
    assert tasks["clean-up"]["metadata"]["namespace"] == "test"


def test_another_file_can_be_named(folder: Path) -> None:
    (folder / "other.toml").write_text('modules = ["shop"]\nimage = "other:1"\n')
    (task, *_) = built(folder, "--config", "other.toml").values()
    assert task["spec"]["image"] == "other:1"


def test_an_image_is_needed(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.jvscheduler]\nmodules = ["shop"]\n')
    done = run(folder, "build")
    assert (done.returncode, done.stdout) == (1, "")
    assert "name the container image with the modules: --image, or 'image'" in done.stderr


def test_a_table_that_no_task_has_is_an_error(folder: Path) -> None:
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.jvscheduler.tasks."shop.reprot"]\nenabled = false\n')
    done = run(folder, "build")
    assert done.returncode == 1
    assert 'tasks."shop.reprot" matches no task: did you mean shop.report?' in done.stderr


def test_preview_counts_what_the_environment_runs(folder: Path) -> None:
    fleet = json.loads(output(folder, "preview", "--days", "1", "-o", "json"))
    assert fleet["runsPerDay"] == {"clean-up": 1, "shop.report": 24}
    fleet = json.loads(output(folder, "preview", "--env", "prod", "--days", "1", "-o", "json"))
    assert (fleet["runsPerDay"], fleet["suspended"]) == ({"clean-up": 1}, ["shop.report"])


def test_next_shows_every_task_of_the_project(folder: Path) -> None:
    shown = output(folder, "next", "--after", "2026-03-02T01:30", "--count", "3")
    assert shown.splitlines() == [
        "2026-03-02T02:00:00Z  shop.report",
        "2026-03-02T03:00:00Z  clean-up",
        "2026-03-02T03:00:00Z  shop.report",
    ]
    words = ["next", "--env", "prod", "--after", "2026-03-02T01:30", "--count", "1", "-o", "json"]
    assert json.loads(output(folder, *words)) == {
        "instants": [{"utc": "2026-03-02T03:00:00Z", "task": "clean-up"}]
    }


def test_next_shows_a_task_as_the_file_has_it(folder: Path) -> None:
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.jvscheduler.tasks."shop.report"]\nschedule = "daily at 05:00"\n')
    assert "0 5 * * *" in output(folder, "next", "shop:report")


def test_config_show_says_where_each_value_comes_from(folder: Path) -> None:
    shown = json.loads(output(folder, "config", "show", "clean_up", "--env", "prod", "-o", "json"))
    assert shown["image"] == {
        "value": "shop:2",
        "from": ["tool.jvscheduler.environments.prod.image"],
    }
    assert shown["application"] == {"value": "shop", "from": ["project.name"]}
    assert set(shown["tasks"]) == {"clean-up"}
    values = shown["tasks"]["clean-up"]
    assert values["retry_count"] == {"value": 2, "from": ["tool.jvscheduler.tasks.clean-up"]}
    assert values["timeout_seconds"] == {"value": 60, "from": ["tool.jvscheduler.defaults"]}
    assert values["schedule"] == {"value": "daily at 03:00", "from": ["decorator"]}
    assert values["max_concurrent"] == {"value": 1, "from": ["built in"]}


def test_config_show_is_for_people_too(folder: Path) -> None:
    lines = [" ".join(line.split()) for line in output(folder, "config", "show").splitlines()]
    assert "image shop:1 (tool.jvscheduler.image)" in lines
    assert "retry_count 2 (tool.jvscheduler.tasks.clean-up)" in lines
    assert "enabled true (built in)" in lines
    assert {"clean-up", "shop.report"} <= set(lines)
