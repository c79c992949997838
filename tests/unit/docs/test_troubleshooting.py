"""docs/operations/troubleshooting.md explains every reason, and no reason that does not exist.

A forgotten step of the recipe "Add a reason" in CONTRIBUTING fails here.
"""

import ast
import importlib
import inspect
import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pytest

from jvscheduler import outcomes
from jvscheduler_operator.objects import reasons

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/operations/troubleshooting.md").read_text()

READERS = {
    ("AwaitingDeletion", "jvscheduler_operator.tasks.events"),
    ("LoopNotAvailable", "jvscheduler_operator.tasks.events"),
    ("NotAccepted", "jvscheduler_operator.tasks.events"),
    ("Replaced", "jvscheduler.history.store.summaries"),
}
"""The modules that have a reason in a list of those that they treat alike, and decide none."""

CAUSES = "jvscheduler.causes"
"""It has every reason in a table, and decides none."""


class Row(NamedTuple):
    reason: str
    meaning: str
    advice: str
    module: str


def rows() -> list[Row]:
    (section,) = re.findall(r"^## Every reason$(.+?)^##", PAGE, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| `([\w.]+)` \|$", section, re.MULTILINE)
    return [Row(*found) for found in cells]


def members() -> dict[str, list[StrEnum]]:
    """A word may be a reason of jobs and of conditions."""
    found: dict[str, list[StrEnum]] = {}
    for member in (*outcomes.Reason, *reasons.Reason):
        found.setdefault(member.value, []).append(member)
    return found


def test_every_reason_has_one_row() -> None:
    assert sorted(row.reason for row in rows()) == sorted(members())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.reason)
def test_the_module_of_a_row_exists_and_decides_the_reason(row: Row) -> None:
    names = {member.name for member in members()[row.reason]}
    assert names & used_reasons(row.module), f"{row.module} does not use {row.reason}"


def used_reasons(module: str) -> set[str]:
    """Each `X` of a `Reason.X` in the module's code. A comment or a docstring decides nothing."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Reason"
    }


def further_modules() -> set[tuple[str, str]]:
    """Each reason, and each module beside the first one that decides it."""
    table = PAGE.partition("\n### Who else decides it\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| (`.+?) \| (`.+?) \| .+\. \|$", table, re.MULTILINE)
    code = re.compile(r"`([\w.]+)`")
    return {
        (reason, module)
        for left, right in lines
        for reason in code.findall(left)
        for module in code.findall(right)
    }


def mentions() -> set[tuple[str, str]]:
    """Each reason, and each module of the three packages that does more than compare with it."""
    names = {f"Reason.{m.name}": word for word, same in members().items() for m in same}
    pattern = re.compile(r"\bReason\.[A-Z_]+\b")
    comparison = re.compile(r"[=!]= Reason\.[A-Z_]+\b|\bin \([^()]*\)")
    found: set[tuple[str, str]] = set()
    for folder in ("runner", "operator", "server"):
        for file in (ROOT / folder).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT / folder).with_suffix("").parts)
            source = comparison.sub("", file.read_text())
            found |= {(names[name], module) for name in pattern.findall(source)}
    return found


def test_the_page_names_every_module_that_decides_a_reason() -> None:
    first = {(row.reason, row.module) for row in rows()}
    assert first & further_modules() == set()
    assert first | further_modules() == {
        mention for mention in mentions() if mention not in READERS and mention[1] != CAUSES
    }


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.reason)
def test_a_row_says_in_sentences_what_it_means_and_what_to_do(row: Row) -> None:
    assert row.meaning.endswith(".")
    assert row.advice.endswith(".")
