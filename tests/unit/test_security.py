"""A finding of bandit or checkov needs an explanation, and an explanation a finding."""

from typing import Any

import pytest

from tests.security.chart import EXPLAINED, Finding, problems
from tests.security.code import ROOT, problem


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


ALL = [
    Finding(check, "a check", f"Deployment.jvscheduler.jvscheduler-{each}")
    for check, (_, objects) in EXPLAINED.items()
    for each in objects
]


def test_what_is_explained_for_these_objects_is_no_problem() -> None:
    assert problems(ALL) == []


def test_a_finding_of_the_chart_that_nothing_explains_is_named() -> None:
    other = Finding("CKV_K8S_38", "Tokens", "StatefulSet.jvscheduler.jvscheduler-postgresql")
    new = Finding("CKV_K8S_16", "Privileged", "Deployment.jvscheduler.jvscheduler-server")
    assert problems([*ALL, other, new]) == [
        "Deployment.jvscheduler.jvscheduler-server: CKV_K8S_16 Privileged",
        "StatefulSet.jvscheduler.jvscheduler-postgresql: CKV_K8S_38 Tokens",
    ]


def test_an_explanation_without_a_finding_is_named() -> None:
    assert problems(ALL[1:]) == ["operator: CKV_K8S_11 is explained, not found"]


def test_neither_server_nor_operator_runs_a_pattern_of_a_query() -> None:
    sources = [path for part in ("server", "operator") for path in (ROOT / part).rglob("*.py")]
    assert len(sources) > 100
    assert [path for path in sources if "$regex" in path.read_text()] == []
