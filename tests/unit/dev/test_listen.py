"""The API of `dev` has no login, so that no other machine may reach it."""

import pytest
from fastapi.testclient import TestClient

from jvscheduler.dev.api import listen, make_server
from jvscheduler.errors import InvalidSettings
from jvscheduler.testing.history import MemoryHistory
from jvscheduler_server.api.edge import requests
from jvscheduler_server.api.edge.connections import BoundedConnection
from jvscheduler_server.api.edge.headers import HEADERS
from jvscheduler_server.cluster.local import LocalCluster


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_listens_on_the_loopback(host: str) -> None:
    with listen(host, 0) as address:
        assert address.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "192.0.2.1", "shop.example"])  # noqa: S104
def test_it_listens_nowhere_else(host: str) -> None:
    with pytest.raises(InvalidSettings, match="on the loopback only"):
        listen(host, 0)


def test_its_api_has_the_bounds_of_a_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_server(LocalCluster(()), MemoryHistory()).config
    assert config.http is BoundedConnection
    client = TestClient(config.app, base_url="http://localhost:8080")  # type: ignore[arg-type]
    for path, status in (("/docs", 200), ("/nowhere", 404)):
        answer = client.get(path)
        assert answer.status_code == status
        assert all(name in answer.headers for name in HEADERS)
    assert client.post("/docs").status_code == 403
    monkeypatch.setattr(requests, "AT_WORK", 0)
    assert client.get("/docs").status_code == 429
