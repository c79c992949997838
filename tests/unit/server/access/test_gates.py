"""Who each gate lets in. Requests are made by hand, so that every header can be wrong."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from jvscheduler_server.access.access import READING, Access, Gate, OpenGate
from jvscheduler_server.access.actions import Action
from jvscheduler_server.access.function import FunctionGate
from jvscheduler_server.access.kubernetes import MAX_TOKEN, KubernetesGate, bearer_token
from jvscheduler_server.access.loopback import LoopbackGate, is_loopback
from jvscheduler_server.access.proxy import ProxyGate, TrustedProxy, caller_in
from jvscheduler_server.access.refusals import Forbidden, Refused, Unauthenticated
from jvscheduler_server.access.reviews import Reviews
from tests.support.server.scripted_reviews import ScriptedReviews

PROXY = TrustedProxy((ip_network("10.1.0.0/16"), ip_network("fd00::/8")), "X-User", "X-Groups")


def request(*headers: tuple[str, str], client: str = "192.0.2.1") -> HTTPConnection:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return HTTPConnection({"type": "http", "headers": raw, "client": (client, 1), "path": "/"})


def entered(gate: Gate, connection: HTTPConnection) -> Access:
    return asyncio.run(_enter(gate, connection))


async def _enter(gate: Gate, connection: HTTPConnection) -> Access:
    return await gate.enter(connection)


def bearer(token: str) -> tuple[str, str]:
    return ("Authorization", f"Bearer {token}")


def test_a_token_that_the_api_server_knows_lets_in() -> None:
    api = ScriptedReviews(
        tokens={"good": {"username": "ada"}}, rights={("ada", "list", "scheduledtasks", "shop")}
    )

    async def story() -> Any:
        access = await KubernetesGate(Reviews(api, lambda: 0.0)).enter(request(bearer("good")))
        return await access.namespaces(Action.SEE, ["shop", "bank"])

    assert asyncio.run(story()) == {"shop"}


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [bearer("bad")],
        [bearer("")],
        [("Authorization", "Basic good")],
        [("Authorization", "good")],
        [bearer("good"), bearer("good")],
        [bearer("good"), ("Authorization", "Basic eA==")],
        [("X-Remote-User", "system:admin"), ("X-Remote-Group", "system:masters")],
        [("X-Forwarded-User", "ada")],
        [("Impersonate-User", "ada")],
        [("Cookie", "token=good")],
    ],
)
def test_anything_else_is_a_stranger(headers: list[tuple[str, str]]) -> None:
    api = ScriptedReviews(tokens={"good": {"username": "ada"}})
    with pytest.raises(Unauthenticated, match="Bearer"):
        entered(KubernetesGate(Reviews(api, lambda: 0.0)), request(*headers))


@pytest.mark.parametrize("token", ["a b", "a\n", "é", '"a"', "a,b", "=", "x" * (MAX_TOKEN + 1)])
def test_what_cannot_be_a_token_is_not_asked_about(token: str) -> None:
    assert bearer_token([f"Bearer {token}"]) is None


def test_the_scheme_may_be_written_in_any_case() -> None:
    assert bearer_token(["bearer a.b-c_d~e+f/g=="]) == "a.b-c_d~e+f/g=="


def in_proxy(connection: HTTPConnection, api: ScriptedReviews) -> Any:
    async def story() -> Any:
        access = await ProxyGate(PROXY, Reviews(api, lambda: 0.0)).enter(connection)
        return await access.namespaces(Action.SEE, ["shop", "bank"])

    return asyncio.run(story())


@pytest.mark.parametrize("client", ["10.1.2.3", "fd00::1", "::ffff:10.1.2.3"])
def test_the_proxys_headers_are_believed_from_its_addresses(client: str) -> None:
    api = ScriptedReviews(rights={("ada", "list", "scheduledtasks", "shop")})
    headers = (("X-User", "ada"), ("X-Groups", "staff, finance"), ("X-Groups", "staff"))
    assert in_proxy(request(*headers, client=client), api) == {"shop"}
    assert api.asked[0]["groups"] == ["staff", "finance", "system:authenticated"]


@pytest.mark.parametrize("client", ["10.2.0.1", "127.0.0.1", "::1", "", "testclient"])
def test_from_another_address_nothing_is_believed(client: str) -> None:
    connection = request(("X-User", "ada"), ("X-Forwarded-For", "10.1.2.3"), client=client)
    with pytest.raises(Unauthenticated, match="authenticating proxy only"):
        in_proxy(connection, ScriptedReviews())


@pytest.mark.parametrize(
    "users",
    [[], [""], ["ada", "eve"], ["system:admin"], ["system:serviceaccount:a:b"], ["x" * 1001]],
)
def test_the_proxy_must_name_one_user_that_is_not_kubernetes_own(users: list[str]) -> None:
    assert caller_in(users, []) is None


def test_a_group_of_kubernetes_own_is_not_believed() -> None:
    caller = caller_in(["ada"], ["system:masters,staff", "system:nodes", ","])
    assert caller is not None
    assert caller.groups == ("staff", "system:authenticated")


HOSTS = ["localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080"]


@pytest.mark.parametrize("host", HOSTS)
def test_dev_answers_by_the_names_of_this_machine(host: str) -> None:
    gate = LoopbackGate()
    access = entered(gate, request(("Host", host)))
    assert asyncio.run(_allows(access, Action.ACT))
    entered(gate, request(("Host", host), ("Origin", f"http://{host}")))


async def _allows(access: Access, action: Action) -> bool:
    return await access.allows(action, "shop")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Host", "evil.example")],
        [("Host", "localhost.evil.example:8080")],
        [("Host", "127.0.0.1.evil.example")],
        [("Host", "192.0.2.1")],
        [("Host", "0.0.0.0")],  # noqa: S104 - it must be refused
        [("Host", "[::1")],
        [("Host", "")],
        [("Host", "localhost"), ("Host", "evil.example")],
        [("Host", "localhost:8080"), ("Origin", "https://evil.example")],
        [("Host", "localhost:8080"), ("Origin", "null")],
        [("Host", "localhost:8080"), ("Origin", "http://localhost:3000")],
        [("Host", "localhost:8080"), ("Origin", "http://localhost:8080.evil.example")],
    ],
)
def test_dev_answers_no_page_of_another_site(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(Forbidden):
        entered(LoopbackGate(), request(*headers))


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "192.0.2.1", "example.org", "", "127.0.0.1.x"],  # noqa: S104
)
def test_other_addresses_are_no_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_without_login_everybody_reads_and_nobody_acts() -> None:
    assert entered(OpenGate(), request()) is READING
    allowed = {action for action in Action if asyncio.run(_allows(READING, action))}
    assert allowed == {Action.SEE, Action.LOGS}


def role(connection: HTTPConnection) -> str:
    return connection.headers.get("x-role", "")


ROLES = {"viewer": {Action.SEE}, "admin": set(Action)}


def is_allowed(connection: HTTPConnection, action: Action) -> bool:
    return action in ROLES.get(role(connection), set())


async def is_allowed_later(connection: HTTPConnection, action: Action) -> bool:
    await asyncio.sleep(0)
    return is_allowed(connection, action)


@pytest.mark.parametrize("authorize", [is_allowed, is_allowed_later])
def test_an_applications_own_function_decides(authorize: Any) -> None:
    gate = FunctionGate(authorize)
    viewer = entered(gate, request(("X-Role", "viewer")))
    allowed = {action for action in Action if asyncio.run(_allows(viewer, action))}
    assert allowed == {Action.SEE}
    assert asyncio.run(_allows(entered(gate, request(("X-Role", "admin"))), Action.ACT))
    with pytest.raises(Forbidden):
        entered(gate, request())


def test_only_true_opens() -> None:
    with pytest.raises(Refused):
        entered(FunctionGate(lambda _, __: "no"), request())  # type: ignore[arg-type, return-value]
