"""The guides' snippets are tasks and tests that run as they stand."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jvscheduler import on_schedule, parse_schedule
from jvscheduler.decorators import task_of
from tests.support.docs.markdown import DOCS, rows

TASKS = ("first-task", "from-cron", "from-apscheduler", "from-celery", "from-jvspatial")


def snippets(guide: str) -> list[str]:
    text = (DOCS / "guides" / f"{guide}.md").read_text()
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("guide", TASKS)
def test_the_snippet_is_a_task(guide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, snippet = snippets(guide)  # another one before it is a whole application
    module = f"guide_{guide.replace('-', '_')}"
    (tmp_path / f"{module}.py").write_text(snippet)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = [task_of(value) for value in vars(importlib.import_module(module)).values()]
    (task,) = [task for task in found if task is not None]
    assert f'@on_schedule("{task.schedule.text}"' in snippet


def test_the_commands_of_the_first_task_run(tmp_path: Path) -> None:
    text = (DOCS / "guides/first-task.md").read_text()
    (tmp_path / "tasks.py").write_text(snippets("first-task")[0])
    once = re.findall(r"^ *jvscheduler (dev .+ --once .+)$", text, re.MULTILINE)
    build = re.findall(r"^ *jvscheduler (build .+) \| kubectl apply -f -$", text, re.MULTILINE)
    printed = [run_command(command, tmp_path) for command in once + build]
    assert printed[0] == "good morning\n"
    assert "name: tasks-greet\n  namespace: demo\n" in printed[1]
    assert "image: registry.example.org/greet:1\n" in printed[1]
    assert text.index("kubectl create namespace demo") < text.index("kubectl apply")


def run_command(arguments: str, folder: Path) -> str:
    command = [sys.executable, "-m", "jvscheduler.cli", *arguments.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_the_page_about_tests_pass(tmp_path: Path) -> None:
    names = ("stock.py", "test_stock.py", "watch.py", "test_watch.py", "test_runs.py")
    for name, snippet in zip(names, snippets("testing"), strict=True):
        (tmp_path / name).write_text(snippet)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


@pytest.mark.parametrize("guide", sorted((DOCS / "guides").glob("*.md")), ids=lambda p: p.stem)
def test_every_schedule_of_a_guide_is_one(guide: Path) -> None:
    for text in re.findall(r"@on_schedule\(\"([^\"]+)\"", guide.read_text()):
        assert parse_schedule(text).text


def test_every_option_of_a_guide_is_one() -> None:
    options = set(inspect.signature(on_schedule).parameters)
    for guide in TASKS:
        text = (DOCS / "guides" / f"{guide}.md").read_text()
        right = [row[-1] for row in rows(text)]
        named = {name for cell in right for name in re.findall(r"(?<![?&\w])(\w+)=", cell)}
        assert named <= options, guide
