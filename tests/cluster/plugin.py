"""Fixtures that give tests real parts: an API server, a cluster, images, databases.

Each is started when first asked for and lasts for the session. A kind cluster
that ran before the session is left as it was found, so developers iterate on a
warm one; one that the session started is taken down unless `--keep-cluster`, or
another session uses it meanwhile.
"""

from collections.abc import Iterator

import pytest

from tests.cluster.api_server import ApiServer, run_api_server
from tests.cluster.binaries import (
    API_SERVER_PROGRAMS,
    KIND_PROGRAMS,
    Binaries,
    build_programs,
    find_binaries,
)
from tests.cluster.cache import locked
from tests.cluster.current import CurrentCluster, find_current
from tests.cluster.image_names import Images, read_image_names
from tests.cluster.images import build_and_load
from tests.cluster.kind import KindCluster
from tests.cluster.mongo_server import MongoServer, run_mongo
from tests.cluster.postgres import PostgresServer, run_postgres
from tests.cluster.settings import Settings, read_settings
from tests.cluster.sharing import a_kind_cluster

__all__ = ["ApiServer", "Images", "MongoServer", "PostgresServer", "RunningCluster"]

RunningCluster = KindCluster | CurrentCluster


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("clusters")
    group.addoption(
        "--cluster",
        choices=("kind", "current"),
        default="kind",
        help="where the end-to-end tests run: a kind cluster of their own (default), or the "
        "cluster of the active kubeconfig, which must have the images under the names that the "
        "chart and the README use",
    )
    group.addoption(
        "--keep-cluster",
        action="store_true",
        help="leave the kind cluster running that this session started",
    )


@pytest.fixture(scope="session")
def cluster_settings() -> Settings:
    return read_settings()


def programs(settings: Settings, names: tuple[str, ...]) -> Binaries:
    binaries = find_binaries(settings)
    build_programs(binaries, names)
    return binaries


@pytest.fixture(scope="session")
def api_server(cluster_settings: Settings) -> Iterator[ApiServer]:
    with run_api_server(programs(cluster_settings, API_SERVER_PROGRAMS)) as server:
        yield server


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, cluster_settings: Settings) -> Iterator[RunningCluster]:
    if request.config.getoption("--cluster") == "current":
        yield find_current(cluster_settings, programs(cluster_settings, KIND_PROGRAMS))
        return
    with a_kind_cluster(cluster_settings, request.config.getoption("--keep-cluster")) as kind:
        yield kind


@pytest.fixture(scope="session")
def images(cluster_settings: Settings, cluster: RunningCluster) -> Images:
    if isinstance(cluster, CurrentCluster):
        return read_image_names()
    with locked(cluster_settings.lock):
        return build_and_load(cluster_settings, cluster)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with run_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database of the test's own."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def mongo_server(cluster_settings: Settings) -> Iterator[MongoServer]:
    with run_mongo(cluster_settings) as server:
        yield server


@pytest.fixture
def mongo_url(mongo_server: MongoServer) -> str:
    """An empty database of the test's own."""
    return mongo_server.database()
