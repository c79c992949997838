"""Markdown pages, taken apart far enough for the tests that compare them with the code."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.readme import ROOT

DOCS = ROOT / "docs"
_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Every page of the project: docs, README, CONTRIBUTING and the examples' own."""
    top = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
    return [*top, *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(text: str) -> str:
    """The text without its code blocks."""
    return _FENCE.sub("", text)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The file and the anchor of each link that stays in the repository."""
    for target in _LINK.findall(prose(page.read_text())):
        path, _, anchor = target.partition("#")
        if ":" not in target:
            yield (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = _HEADING.findall(prose(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def section(text: str, heading: str) -> str:
    """What follows a heading of the second level, up to the next one."""
    found = text.partition(f"\n## {heading}\n")[2]
    assert found, f"there is no heading {heading!r}"
    return found.partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row whose first cell begins with code."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def first_names(text: str) -> list[str]:
    """All that the first cells of a text's tables name as code."""
    return [name for row in rows(text) for name in re.findall(r"`([^`]+)`", row[0])]
