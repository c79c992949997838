"""Limits for the sizes of files and functions. When a piece does not fit, change its design."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ["runner", "operator", "server", "tests", "benchmarks", "examples"]
FILES = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py"))
VAGUE = {"utils", "helpers", "common", "manager"}


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    """Lines of each function, without its docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            doc = node.body[0] if ast.get_docstring(node) else None
            lines -= (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
            yield f"{path.relative_to(ROOT)}:{node.name}", lines


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_has_at_most_300_lines_and_a_telling_name(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
    assert path.stem not in VAGUE


def test_functions_are_short() -> None:
    lengths = {name: n for path in FILES for name, n in function_lengths(path)}
    assert {name: n for name, n in lengths.items() if n > 60} == {}
    assert statistics.median(lengths.values()) <= 10
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 35


def test_component_folders_are_not_packages() -> None:
    """A package named `operator` would shadow the standard library's module."""
    for folder in ("runner", "operator", "server"):
        assert not (ROOT / folder / "__init__.py").exists()
