"""A finding of bandit needs an explanation at its line, in its file or for the whole project."""

from typing import Any

import pytest

from tests.security import ROOT, problem


def finding(filename: str, text: str, rule: str) -> dict[str, Any]:
    lines = (ROOT / filename).read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if text in line)
    return {
        "filename": filename,
        "line_number": number,
        "line_range": [number],
        "test_id": rule,
        "issue_text": "a finding",
    }


BACKOFF = "server/jvscheduler_server/backoff.py"
ROWS = "runner/jvscheduler/history/backends/postgresql/rows.py"


@pytest.mark.parametrize(
    ("filename", "text", "rule"),
    [(BACKOFF, "uniform(", "B311"), (ROWS, "SELECT COUNT", "B608"), (BACKOFF, "import", "B404")],
    ids=["line", "file", "project"],
)
def test_an_explained_finding_is_none(filename: str, text: str, rule: str) -> None:
    assert problem(finding(filename, text, rule)) is None


@pytest.mark.parametrize("rule", ["B105", "B31", "B3110"])
def test_any_other_finding_is_named(rule: str) -> None:
    named = problem(finding(BACKOFF, "uniform(", rule))
    assert named is not None
    assert named.startswith(f"{BACKOFF}:")
    assert rule in named
