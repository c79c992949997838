"""The databases of the history that a test runs on, and the order of the tests."""

from pathlib import Path

import pytest

from tests.support.history.databases import DATABASES, url_of


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/history.db"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    return url_of(request)


@pytest.fixture
def crowd(request: pytest.FixtureRequest) -> tuple[int, int]:
    """How many pods, and how many connections their database takes."""
    return (60, 8) if request.config.getoption("--large-crowd") else (20, 3)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
