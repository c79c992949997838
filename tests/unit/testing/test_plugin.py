"""The pytest plugin is light, and takes no name that a user may have."""

import subprocess
import sys
from importlib.metadata import entry_points

from jvscheduler.testing import plugin

HEAVY = {"jvspatial", "pydantic", "fastapi", "asyncpg", "pymongo", "kubernetes", "asyncio"}


def test_pytest_finds_it() -> None:
    (found,) = entry_points(group="pytest11", name="jvscheduler")
    assert found.value == plugin.__name__


def test_its_import_loads_nothing_that_is_slow() -> None:
    text = f"import sys; old = set(sys.modules); import {plugin.__name__}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    # pytest itself imports some of the standard library's slow modules.
    pytests = subprocess.run(
        [sys.executable, "-c", "import pytest, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not HEAVY & (set(done.stdout.split()) - set(pytests.stdout.split()))


def test_each_of_its_fixtures_has_our_name() -> None:
    fixtures = [n for n, v in vars(plugin).items() if isinstance(v, type(plugin.jvscheduler_run))]
    assert len(fixtures) == 2
    assert all(name.startswith("jvscheduler_") for name in fixtures)


def test_the_history_is_empty(jvscheduler_history: object) -> None:
    assert type(jvscheduler_history).__name__ == "MemoryHistory"
