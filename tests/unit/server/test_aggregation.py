"""Whom the server believes that it is the API server, and what that says of a caller."""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from jvscheduler_server.access.access import OpenGate
from jvscheduler_server.access.callers import Caller
from jvscheduler_server.access.gates import make_reviews
from jvscheduler_server.aggregation.application import COMMON_NAME, PREFIX, AggregatedApi
from jvscheduler_server.aggregation.certificate import (
    Certificate,
    NoCertificate,
    read_certificate,
)
from jvscheduler_server.aggregation.connections import common_name
from jvscheduler_server.aggregation.front_proxy import FrontProxy, NoFrontProxy, read_front_proxy
from jvscheduler_server.aggregation.listener import tls_context
from jvscheduler_server.aggregation.registration import NotRegistered, keep_verified
from jvscheduler_server.api.app import create_app
from jvscheduler_server.cluster.objects import TaskState
from tests.support.server.in_memory import FakeCluster, FlakyHistory
from tests.support.server.scripted_reviews import ScriptedReviews

DATA = {
    "requestheader-client-ca-file": "PEM",
    "requestheader-allowed-names": '["front-proxy-client"]',
    "requestheader-username-headers": '["X-Remote-User"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
}
PROXY = read_front_proxy(DATA)
STATUS = f"{PREFIX}/api/scheduler/status"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in pairs])


def test_the_cluster_says_whom_to_believe() -> None:
    assert PROXY.authority == "PEM"
    assert PROXY.is_named("front-proxy-client")
    assert not PROXY.is_named("system:admin")
    anybody = read_front_proxy({**DATA, "requestheader-allowed-names": "[]"})
    assert anybody.is_named("any that the authority has signed")


@pytest.mark.parametrize(
    "change",
    [
        {"requestheader-client-ca-file": ""},
        {"requestheader-username-headers": "[]"},
        {"requestheader-username-headers": "X-Remote-User"},
        {"requestheader-allowed-names": '{"front-proxy-client": 1}'},
        {"requestheader-allowed-names": "[1]"},
    ],
)
def test_a_cluster_that_does_not_say_it_has_nobody_to_believe(change: dict[str, str]) -> None:
    with pytest.raises(NoFrontProxy, match="extension-apiserver-authentication"):
        read_front_proxy({**DATA, **change})


def test_a_caller_is_what_the_headers_say() -> None:
    found = PROXY.caller(
        headers(
            ("X-Remote-User", "ada"),
            ("X-Remote-Group", "staff, and more"),
            ("X-Remote-Group", "system:authenticated"),
            ("X-Remote-Extra-Example.Org%2fScopes", "one"),
            ("X-Remote-Extra-Example.Org%2fScopes", "two"),
            ("X-Other", "nothing"),
        )
    )
    assert found == Caller(
        "ada",
        "",
        ("staff, and more", "system:authenticated"),
        (("example.org/scopes", ("one", "two")),),
    )


@pytest.mark.parametrize("users", [[], [""], ["ada", "eve"]])
def test_without_exactly_one_user_nobody_calls(users: list[str]) -> None:
    assert PROXY.caller(headers(*(("X-Remote-User", user) for user in users))) is None


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        ({"subject": ((("commonName", "front-proxy-client"),),)}, "front-proxy-client"),
        ({"subject": ((("organizationName", "x"),), (("commonName", "a"),))}, "a"),
        ({"subject": ((("commonName", "a"),), (("commonName", "b"),))}, None),
        ({"subject": ()}, None),
        ({}, None),
    ],
)
def test_a_certificate_has_one_name_or_none(certificate: dict[str, Any], name: str | None) -> None:
    assert common_name(certificate) == name


def behind(app: ASGIApp, name: str | None) -> TestClient:
    """A client with a certificate of this name."""

    async def certified(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {COMMON_NAME: name}}, receive, send)

    return TestClient(certified, headers={"X-Remote-User": "ada"})


@pytest.fixture
def aggregated() -> AggregatedApi:
    cluster = FakeCluster(
        seen_tasks=[TaskState(name, name, name, "every minute") for name in ("shop", "bank")]
    )
    reviews = ScriptedReviews(rights={("ada", "list", "scheduledtasks", "shop")})
    # The listener for everybody else has no login here. This one has.
    app = create_app(FlakyHistory(), cluster, OpenGate())
    return AggregatedApi(app, PROXY, make_reviews(reviews))


def test_a_caller_sees_what_it_may_see(aggregated: AggregatedApi) -> None:
    answer = behind(aggregated, "front-proxy-client").get(STATUS)
    assert answer.status_code == 200
    assert [task["namespace"] for task in answer.json()["scheduler"]["tasks"]] == ["shop"]


@pytest.mark.parametrize("name", [None, "", "system:admin", "front-proxy-client2"])
@pytest.mark.parametrize("path", [STATUS, PREFIX, "/apis", "/api/scheduler/status", "/livez"])
def test_any_other_name_gets_nothing(
    name: str | None, path: str, aggregated: AggregatedApi
) -> None:
    assert behind(aggregated, name).get(path).status_code == 401


def test_the_api_server_must_name_a_user(aggregated: AggregatedApi) -> None:
    client = behind(aggregated, "front-proxy-client")
    del client.headers["X-Remote-User"]
    assert client.get(STATUS).status_code == 401


@pytest.mark.parametrize("path", ["/api/scheduler/status", "/", "/apis/jvscheduler.dev/v1alpha1"])
def test_paths_without_the_prefix_are_not_served(path: str, aggregated: AggregatedApi) -> None:
    assert behind(aggregated, "front-proxy-client").get(path).status_code == 404


def test_discovery_has_one_version_and_no_resources(aggregated: AggregatedApi) -> None:
    client = behind(aggregated, "front-proxy-client")
    group = client.get("/apis/monitoring.jvscheduler.dev").json()
    assert client.get("/apis").json()["groups"] == [group]
    assert [version["version"] for version in group["versions"]] == ["v1alpha1"]
    assert client.get(PREFIX).json()["resources"] == []


def test_no_header_says_that_a_caller_is_in() -> None:
    proxy = FrontProxy("PEM", (), ("X-Remote-User",), (), (), ())
    app = create_app(FlakyHistory(), FakeCluster(), OpenGate())
    aggregated = AggregatedApi(app, proxy, make_reviews(ScriptedReviews()))
    spoofed = {COMMON_NAME: "front-proxy-client", "jvscheduler_access": json.dumps(True)}
    assert TestClient(aggregated).get(STATUS, headers=spoofed).status_code == 401


def test_a_certificate_is_read_from_its_folder(tmp_path: Path) -> None:
    for name in ("tls.key", "tls.crt"):
        (tmp_path / name).write_text(name)
    with pytest.raises(NoCertificate, match=r"ca\.crt"):
        read_certificate(tmp_path)
    (tmp_path / "ca.crt").write_text("ca.crt")
    found = read_certificate(tmp_path)
    assert (found.pair, found.authority) == (b"tls.key\ntls.crt", b"ca.crt")
    assert "tls.key" not in repr(found)


def test_a_certificate_that_is_none_is_refused_before_anything_is_served() -> None:
    with pytest.raises(ssl.SSLError):
        tls_context(Certificate(b"no key", b"no authority"), PROXY)


@dataclass
class OneRegistration:
    """An API server with our APIService, or without."""

    spec: dict[str, Any] | None
    applied: list[Mapping[str, Any]] = field(default_factory=list)

    async def read_object(self, path: str) -> Mapping[str, Any] | None:
        assert path.endswith("/apiservices/v1alpha1.monitoring.jvscheduler.dev")
        return None if self.spec is None else {"spec": self.spec}

    async def apply_object(self, path: str, body: Mapping[str, Any], manager: str) -> None:
        self.applied.append(body["spec"])


RIGHT = {"caBundle": b64encode(b"CA").decode()}


def test_a_right_registration_is_left_alone() -> None:
    api = OneRegistration({**RIGHT, "insecureSkipTLSVerify": False, "version": "v1alpha1"})
    assert asyncio.run(keep_verified(api, b"CA")) is False
    assert api.applied == []


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"insecureSkipTLSVerify": True},
        {**RIGHT, "insecureSkipTLSVerify": True},
        {"caBundle": "b"},
    ],
)
def test_a_registration_that_verifies_otherwise_is_mended(spec: dict[str, Any]) -> None:
    api = OneRegistration(spec)
    assert asyncio.run(keep_verified(api, b"CA")) is True
    assert api.applied == [{**RIGHT, "insecureSkipTLSVerify": False}]


def test_without_a_registration_nothing_is_made() -> None:
    api = OneRegistration(None)
    with pytest.raises(NotRegistered, match=r"no APIService v1alpha1\.monitoring"):
        asyncio.run(keep_verified(api, b"CA"))
    assert api.applied == []
