"""docs/reference/decorator.md says what its snippet's options come to, and leaves none out."""

import dataclasses
import importlib
import inspect
import re
from datetime import date
from pathlib import Path

import pytest

from jvscheduler import on_schedule
from jvscheduler.arguments.types import values_of
from jvscheduler.decorators import task_of
from jvscheduler.decorators.pods import Pod, Volume
from jvscheduler.discovery.scan import scan
from jvscheduler.loop.pod_values import pod_values
from jvscheduler.outcomes import MAX_RESULT_BYTES
from jvscheduler.tasks import Task

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/decorator.md").read_text()


def options(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


def test_the_snippets_are_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options, arguments, forms, pod, time_limits = re.findall(
        r"```python\n(.*?)```", PAGE, re.DOTALL
    )
    (tmp_path / "tasks_page.py").write_text(options)
    (tmp_path / "arguments_page.py").write_text(arguments)
    (tmp_path / "pod_page.py").write_text(pod)
    (tmp_path / "time_limits_page.py").write_text(time_limits)
    (tmp_path / "forms_page.py").write_text(forms)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = scan([importlib.import_module("forms_page")], ())
    assert [(task.task_id, task.entrypoint) for task in found] == [
        ("forms_page.Reports.sales", "forms_page:Reports.sales"),
        ("forms_page.nightly", "forms_page:nightly"),
        ("greet-us", "forms_page:greet"),
        ("greet-eu", "forms_page:greet"),
    ]
    mails = task_of(importlib.import_module("pod_page").send_mails)
    assert mails is not None
    assert mails.template is not None
    assert mails.template["spec"]["priorityClassName"] == "low"
    limited = task_of(importlib.import_module("time_limits_page").sync_prices)
    assert limited is not None
    assert limited.timeout_seconds == 60
    report = importlib.import_module("arguments_page").report
    with_args = task_of(report)
    assert with_args is not None
    assert values_of(report, with_args.args)["since"] == date(2026, 1, 1)
    task = task_of(importlib.import_module("tasks_page").process_data)
    assert task is not None
    assert (task.task_id, task.max_concurrent, task.retry_count) == ("data_processor", 2, 3)
    assert task.timeout_seconds == 300


def test_the_page_has_every_option_of_a_run() -> None:
    section = PAGE.partition("\n## How it runs\n")[2].partition("\n## ")[0]
    of_schedule = {"entrypoint", "schedule", "stated", "description", "args_schema"}
    of_schedule |= {"jitter_seconds"}
    fields = {field.name for field in dataclasses.fields(Task)}
    assert options(section) == {*fields, "pod"} - of_schedule


def test_the_page_has_every_option_of_the_decorator() -> None:
    assert options(PAGE) == set(inspect.signature(on_schedule).parameters)


def test_the_page_has_every_key_of_a_pod() -> None:
    section = PAGE.partition("\n## The pod\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`\"\w+\"`(?:, `\"\w+\"`)*) \|", section, re.MULTILINE)
    assert set(re.findall(r"\w+", " ".join(rows))) == set(Pod.__annotations__)
    assert {f'"{key}"' for key in Volume.__annotations__} <= set(re.findall(r'"\w+"', section))


def test_the_secrets_file_of_the_page_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "dev.toml").write_text(text)
    assert set(pod_values(str(tmp_path / "dev.toml"), {}).secrets) == {"mailer"}


def test_every_option_has_a_row_of_modes_and_each_test_of_it_exists() -> None:
    section = PAGE.partition("\n## What each option does where\n")[2].partition("\n## ")[0]
    rows = {row[0]: row for row in re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", section, re.MULTILINE)}
    assert set(rows) == set(inspect.signature(on_schedule).parameters)
    named = {test for _, tests in rows.values() for test in re.findall(r"`(\w+)`", tests)}
    assert all("`test_" in tests for _, tests in rows.values())
    code = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    assert {test for test in named if f"def {test}(" not in code} == set()


def test_the_page_states_the_size_of_a_result() -> None:
    assert f"{MAX_RESULT_BYTES // 1024} KiB" in PAGE
