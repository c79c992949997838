"""Every page: its links lead somewhere, its names exist, and its words are explained."""

import importlib
import re
from pathlib import Path

import pytest

from tests.support.docs.markdown import DOCS, anchors, links, name_of, pages, prose
from tests.support.readme import ROOT

PACKAGES = ("jvscheduler", "jvscheduler_operator", "jvscheduler_server")
DOTTED = re.compile(rf"`(?:python -m )?((?:{'|'.join(PACKAGES)})(?:\.\w+)+)`")
NO_MODULES = {"jvscheduler.db", "jvscheduler.toml", "jvscheduler.history.prune"}
"""Two files and a task's id."""
FORMER = {
    "jvscheduler.history.memory_database",
    "jvscheduler_server.loop",
    "jvscheduler_server.sweeper",
}
"""Names of 0.1.0, which only the page about upgrades says."""
FOLDERS = ("runner", "operator", "server", "tests", "docs", "charts", "crds", "benchmarks")
PATH = re.compile(rf"`((?:{'|'.join([*FOLDERS, 'examples', 'requirements'])})/[\w./-]*)`")

GLOSSARY = DOCS / "glossary.md"
EXPLAINED = {
    "attempt": r"attempts?",
    "backend": r"(?<!result )backends?",
    "claim": r"claim(?:s|ed|ing)?",
    "concurrency-slot": r"concurrency slots?",
    "due-instant": r"due instants?",
    "heartbeat": r"heartbeats?",
    "ledger": r"ledgers?",
    "loop": r"(?<!event )loops?",
    "outcome": r"outcomes?",
    "repair": r"repair(?:s|ed|ing)?",
    "replay": r"replay(?:s|ed|ing)?",
    "revision": r"revisions?",
    "scheduled-time": r"scheduled times?",
    "spool": r"spool(?:s|ed|ing)?",
    "stretch": r"stretch(?:es)?",
    "takeover": r"takeovers?",
    "termination-message": r"termination messages?",
    "worker": r"(?<!Celery )workers?",
}
"""The words that a newcomer cannot guess, by their anchor in the glossary."""
PLAIN = {
    "cause",
    "completion-time",
    "entity",
    "entrypoint",
    "history",
    "job",
    "missed",
    "operator",
    "reason",
    "record",
    "resume",
    "retry",
    "runner",
    "server",
    "skipped",
    "start-time",
    "suspend",
    "task",
}
"""The words that mean what they mean elsewhere, or stand on almost every page."""

EXPLAINING = [p for p in pages() if DOCS in p.parents and p not in (GLOSSARY, DOCS / "README.md")]


def by_name(page: Path) -> str:
    return name_of(page)


@pytest.mark.parametrize("page", pages(), ids=by_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), f"{name_of(page)} links to {target}, which does not exist"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)}: {target.name} has no #{anchor}"


@pytest.mark.parametrize("page", [p for p in pages() if p.name != "CHANGELOG.md"], ids=by_name)
def test_every_module_and_every_path_exists(page: Path) -> None:
    text = page.read_text()
    former = FORMER if page == DOCS / "operations/upgrade.md" else set()
    for name in set(DOTTED.findall(text)) - NO_MODULES - former:
        assert is_defined(name), f"{name_of(page)} names {name}, which does not exist"
    for path in PATH.findall(text):
        assert (ROOT / path).exists(), f"{name_of(page)} names {path}, which does not exist"


def is_defined(dotted: str) -> bool:
    """True for a module, and for what a module defines."""
    module, _, rest = dotted.rpartition(".")
    try:
        importlib.import_module(dotted)
    except ModuleNotFoundError:
        return (
            bool(module) and is_defined(module) and hasattr(importlib.import_module(module), rest)
        )
    return True


@pytest.mark.parametrize("page", EXPLAINING, ids=by_name)
def test_a_word_is_linked_to_the_glossary_where_a_page_first_uses_it(page: Path) -> None:
    missing = [word for word in EXPLAINED if is_first_used_without_link(word, page.read_text())]
    assert missing == [], f"{name_of(page)}: link these to glossary.md#…"


def is_first_used_without_link(word: str, text: str) -> bool:
    """True when the first paragraph, list item or table row with the word does not link it.

    Headings, code and the targets of links do not count as uses.
    """
    for part in re.split(r"\n(?=\n|[-|*] |\d+\. )", prose(text)):
        if part.lstrip().startswith("#"):
            continue
        if f"glossary.md#{word})" in part:
            return False
        words = re.sub(r"`[^`]*`|\]\([^)]*\)", "", part)
        if re.search(rf"\b{EXPLAINED[word]}\b", words, re.IGNORECASE):
            return True
    return False


def test_the_glossary_has_every_word_once_and_in_order() -> None:
    headings = re.findall(r"^### (.+)$", GLOSSARY.read_text(), re.MULTILINE)
    assert headings == sorted(set(headings), key=str.lower)
    assert EXPLAINED.keys() | PLAIN == anchors(GLOSSARY) - {"glossary"}
    assert EXPLAINED.keys() & PLAIN == set()


def test_the_list_of_pages_has_every_page() -> None:
    listed = {target for target, _ in links(DOCS / "README.md")}
    assert set(DOCS.rglob("*.md")) - {DOCS / "README.md"} == listed
