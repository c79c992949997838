"""The databases and the operator that tests run on, and the order of the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.binaries import find_binaries
from tests.cluster.settings import read_settings
from tests.support.history.databases import DATABASES, url_of
from tests.support.operator.process import Operator, run_operator, write_kubeconfig
from tests.support.operator.shop import Shop


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


@pytest.fixture(scope="session")
def helm() -> Path:
    return find_binaries(read_settings()).helm


@pytest.fixture(scope="module")
def operator(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An operator for the module's own `shop`, with the rights that its documentation states."""
    folder = tmp_path_factory.mktemp("operator")
    with run_operator(write_kubeconfig(shop.server, folder), folder) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
