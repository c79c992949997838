"""Methods that may change something, in the whole application and for each way to log in."""

from collections.abc import Mapping
from ipaddress import ip_network

import pytest
from fastapi.testclient import TestClient

from jvscheduler_server.access.access import Gate, OpenGate
from jvscheduler_server.access.callers import Caller
from jvscheduler_server.access.function import FunctionGate
from jvscheduler_server.access.kubernetes import KubernetesGate
from jvscheduler_server.access.loopback import LoopbackGate
from jvscheduler_server.access.proxy import ProxyGate, TrustedProxy
from jvscheduler_server.access.reviews import ReviewedAccess, Reviews
from jvscheduler_server.api.app import create_app
from jvscheduler_server.api.callers import PROBES, with_access
from tests.support.server.in_memory import FakeCluster, FlakyHistory
from tests.support.server.paths import every_path
from tests.support.server.scripted_reviews import ScriptedReviews

HOST = "127.0.0.1:8080"
REVIEWS = Reviews(ScriptedReviews(tokens={"good": {"username": "ada"}}, rights=set()), lambda: 0.0)
PROXY = TrustedProxy((ip_network("10.0.0.0/8"),), "X-User", "X-Groups")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")

BY_BROWSER: Mapping[str, tuple[Gate, dict[str, str]]] = {
    "proxy": (ProxyGate(PROXY, REVIEWS), {"X-User": "ada"}),
    "loopback": (LoopbackGate(), {}),
    "none": (OpenGate(), {}),
    "function": (FunctionGate(lambda *_: True), {"Cookie": "session=1"}),
}
FOREIGN: tuple[dict[str, str], ...] = (
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Content-Type": "text/plain", "Sec-Fetch-Site": "same-site"},
    {"Authorization": "Bearer good"},
)
OWN: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": f"http://{HOST}"},
    {"X-Requested-With": "jvscheduler"},
)


def client_of(gate: Gate) -> TestClient:
    app = create_app(FlakyHistory(), FakeCluster(), gate)
    return TestClient(app, base_url=f"http://{HOST}", client=("10.0.0.9", 1))


def paths() -> list[str]:
    filled = [path.replace("{job_id}", "o.ScheduledJob.x") for path in every_path()]
    return [*sorted({*filled} - PROBES), "/", "/nowhere"]


@pytest.mark.parametrize("name", BY_BROWSER)
def test_what_a_browser_sends_by_itself_is_not_enough(name: str) -> None:
    gate, login = BY_BROWSER[name]
    client = client_of(gate)
    for path in paths():
        for method in UNSAFE:
            for headers in FOREIGN:
                answer = client.request(method, path, headers={**login, **headers})
                assert answer.status_code == 403, (method, path, headers)
                assert answer.headers["content-type"] == "application/problem+json"
            for headers in OWN:
                answer = client.request(method, path, headers={**login, **headers})
                assert answer.status_code in (404, 405), (method, path, headers)
        assert client.get(path, headers=login).status_code != 403


@pytest.mark.parametrize("method", UNSAFE)
def test_a_token_is_enough(method: str) -> None:
    client = client_of(KubernetesGate(REVIEWS))
    for path in paths():
        assert client.request(method, path).status_code == 401
        answer = client.request(method, path, headers={"Authorization": "Bearer good"})
        assert answer.status_code in (404, 405)


def test_who_comes_through_the_api_server_needs_no_more() -> None:
    app = create_app(FlakyHistory(), FakeCluster(), OpenGate())

    async def passed_on(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        access = ReviewedAccess(Caller("ada"), REVIEWS)
        await app(with_access(scope, access), receive, send)

    for path in paths():
        assert TestClient(passed_on).post(path).status_code in (404, 405)


@pytest.mark.parametrize("name", [*BY_BROWSER, "bearer"])
def test_a_browser_that_asks_first_is_never_told_yes(name: str) -> None:
    gate, login = BY_BROWSER.get(name) or (
        KubernetesGate(REVIEWS),
        {"Authorization": "Bearer good"},
    )
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    for path in paths():
        answer = client_of(gate).options(path, headers={**login, **asks})
        assert not any(each.startswith("access-control") for each in answer.headers)
        assert answer.status_code in (404, 405)
