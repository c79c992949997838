"""A backend is a folder, an entry in the registry, and a line of the contract suites' parameters.

These tests fail when one of the three was forgotten.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jvscheduler.history import backends
from jvscheduler.history.backends.registry import (
    BACKENDS,
    BackendEntry,
    backend_of,
    open_database,
)
from jvscheduler.history.urls import parse_url
from jvscheduler.testing.database import MemoryDatabase
from tests.support.history.databases import DATABASES

FOLDER = Path(backends.__path__[0])
GENERIC = "generic"
"""The folder for all other databases of jvspatial's, to which no URL leads."""
DRIVERS = {"jvspatial", "aiosqlite", "asyncpg", "pymongo", "motor"}


def test_each_folder_has_an_entry_and_each_entry_a_folder() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/backend.py")}
    assert folders - {GENERIC} == {entry.name for entry in BACKENDS}


def test_each_backend_has_the_contract_suites_run_on_it() -> None:
    assert set(DATABASES) == {entry.name for entry in BACKENDS}


@pytest.mark.parametrize("entry", BACKENDS, ids=lambda entry: entry.name)
def test_an_entry_leads_to_its_backend(entry: BackendEntry) -> None:
    assert {example.partition("://")[0] for example in entry.examples} <= set(entry.schemes)
    for example in entry.examples:
        url = parse_url(example.replace(":port", ":1"))
        assert url.backend == entry.name
        database = open_database(url, connections=1, timeout=1)
        assert entry.is_of(database)
        assert backend_of(database) is entry.load()


@pytest.mark.parametrize("command", [["dev"], ["history", "prune"], ["verify"]], ids=" ".join)
def test_the_help_of_a_command_shows_every_url_and_loads_no_driver(command: list[str]) -> None:
    script = (
        "import sys\n"
        "from jvscheduler.cli import main\n"
        "try:\n"
        f"    main([*{command!r}, '--help'])\n"
        "finally:\n"
        "    print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    environ = {**os.environ, "COLUMNS": "1000"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ
    )
    examples = [example for entry in BACKENDS for example in entry.examples]
    assert [example for example in examples if example not in done.stdout] == []
    assert DRIVERS.isdisjoint(done.stderr.split())


def test_a_scheme_leads_to_one_backend() -> None:
    schemes = [scheme for entry in BACKENDS for scheme in entry.schemes]
    assert len(schemes) == len(set(schemes))


def test_any_other_database_has_the_generic_backend() -> None:
    backend = backend_of(MemoryDatabase())
    assert all(backend is not entry.load() for entry in BACKENDS)


@pytest.mark.parametrize("entry", BACKENDS, ids=lambda entry: entry.name)
def test_a_url_is_parsed_without_its_driver(entry: BackendEntry) -> None:
    script = (
        "import sys\n"
        "from jvscheduler.history.urls import parse_url\n"
        f"parse_url({entry.examples[0]!r})\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert DRIVERS.isdisjoint(done.stdout.split())
