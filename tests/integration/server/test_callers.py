"""Every caller on every path of the server, with real tokens, TokenReviews and RBAC: no leak."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from jvscheduler_server.api.callers import PROBES
from tests.cluster.api_server import ApiServer
from tests.cluster.postgres import PostgresServer
from tests.support.operator.custom_resource import install_crd
from tests.support.server import tenants
from tests.support.server.paths import every_path
from tests.support.server.process import ServerProcess, a_server
from tests.support.server.service_account import server_kubeconfig
from tests.support.server.tenants import (
    BLUE,
    PAST,
    RED,
    TENANTS,
    expired,
    forged,
    is_known,
    job_id,
    marks,
    token_of,
)
from tests.support.waiting import eventually

RECENT, STATUS = "/api/scheduler/jobs/recent", "/api/scheduler/status"
EACH = (*TENANTS, PAST)
BOTH, ALL = frozenset(TENANTS), frozenset(EACH)
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Caller:
    """What a caller sends, and whose jobs and logs it must get. `sees` None: it is a stranger."""

    name: str
    headers: Mapping[str, str]
    sees: frozenset[str] | None
    logs: frozenset[str] = NONE
    by_name: frozenset[str] = NONE
    """What it sees besides, when it asks for that namespace."""
    query: Mapping[str, str] = field(default_factory=dict)


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


SPOOFED = {
    "X-Remote-User": "system:admin",
    "X-Remote-Group": "system:masters",
    "X-Forwarded-User": "admin",
    "X-Forwarded-Groups": "system:masters",
    "X-Forwarded-For": "127.0.0.1",
    "Impersonate-User": "system:admin",
    "Impersonate-Group": "system:masters",
}


def known_callers(api_server: ApiServer) -> list[Caller]:
    def sent(account: str, *options: str, **more: str) -> dict[str, str]:
        return bearer(token_of(api_server, account, *options), **more)

    red, blue, past = frozenset({RED}), frozenset({BLUE}), frozenset({PAST})
    return [
        Caller("cluster admin", sent("admin"), ALL, ALL),
        Caller("tenant red", sent("red-dev"), red, red),
        Caller("tenant blue", sent("blue-dev"), blue, blue),
        Caller("red, for this server", sent("red-dev", "--audience=jvscheduler"), red, red),
        Caller("viewer without logs", sent("red-viewer"), red),
        Caller("viewer of both, logs of blue", sent("both-viewer"), BOTH, blue),
        Caller("auditor of all without logs", sent("auditor"), ALL),
        Caller("a tenant of the past", sent("past-dev"), NONE, past, past),
        Caller("red and past without logs", sent("past-viewer"), red, NONE, past),
        Caller("logs, but not list", sent("red-logs-only"), NONE),
        Caller("get and update, but not list", sent("red-not-list"), NONE),
        Caller("an account without rights", sent("nobody"), NONE),
        Caller("tenant red in disguise", sent("red-dev", **SPOOFED), red, red),
        Caller("nobody in disguise", sent("nobody", **SPOOFED), NONE),
    ]


def strangers(api_server: ApiServer) -> list[Caller]:
    admin = token_of(api_server, "admin")
    changed = admin[:-6] + ("AAAAAA" if not admin.endswith("AAAAAA") else "BBBBBB")
    sent = {
        "no token": {},
        "garbage": bearer("garbage"),
        "an empty token": {"Authorization": "Bearer"},
        "a very long token": bearer("x" * 13_000),
        "no bearer": {"Authorization": admin},
        "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
        "a cookie": {"Cookie": f"token={admin}; Authorization=Bearer {admin}"},
        "headers of a proxy": SPOOFED,
        "expired": bearer(expired(api_server, admin)),
        "another audience": bearer(token_of(api_server, "admin", "--audience=vault")),
        "another issuer": bearer(forged(api_server, admin, iss="https://evil.example")),
        "another signature": bearer(changed),
        "no signature": bearer(tenants.unsigned(admin)),
        "another name": bearer(tenants.renamed(token_of(api_server, "nobody"), "admin")),
        "an account that is gone": bearer(gone(api_server)),
    }
    found = [Caller(name, headers, None) for name, headers in sent.items()]
    return [*found, Caller("a token in the query", {}, None, query={"access_token": admin})]


def gone(api_server: ApiServer) -> str:
    """The token of an account that was deleted, once the API server has noticed."""
    token = token_of(api_server, "gone")
    api_server.kubectl("-n", tenants.CALLERS, "delete", "serviceaccount", "gone")
    eventually(lambda: not is_known(api_server, token), "the deleted account's token is refused")
    return token


@pytest.fixture(scope="module")
def server(
    api_server: ApiServer,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    install_crd(api_server)
    folder: Path = tmp_path_factory.mktemp("callers")
    kubeconfig = server_kubeconfig(api_server, "callers-server", folder)
    tenants.apply(api_server)
    with postgres_server.database() as url:
        asyncio.run(tenants.write_jobs(url, EACH))
        with a_server(kubeconfig, url, folder, auth_mode="kubernetes") as process:
            yield process


@pytest.fixture(scope="module")
def callers(server: ServerProcess, api_server: ApiServer) -> list[Caller]:
    assert server.port, "the accounts exist"
    return [*known_callers(api_server), *strangers(api_server)]


def ask(server: ServerProcess, caller: Caller, path: str) -> httpx.Response:
    url = f"http://127.0.0.1:{server.port}{path}"
    return httpx.get(url, params=dict(caller.query), headers=dict(caller.headers), timeout=30)


def filled(path: str) -> list[tuple[str, str | None]]:
    """The path for each tenant's objects, with the tenant; or as it is, when it names none."""
    if "{" not in path:
        return [(path, None)]
    return [(path.format(job_id=job_id(tenant), namespace=tenant), tenant) for tenant in EACH]


def leaks(caller: Caller, text: str) -> set[str]:
    """Words in the answer that the caller may not read."""
    seen = (caller.sees or NONE) | caller.by_name
    hidden = {name for tenant in ALL - seen for name in _words(tenant)}
    for tenant in ALL - caller.logs:
        hidden |= {marks(tenant)["traceback"], marks(tenant)["log"]}
    return {word for word in hidden if word in text}


def _words(tenant: str) -> set[str]:
    return {tenant, *marks(tenant).values()}


def problem_of(caller: Caller, path: str, tenant: str | None, answer: httpx.Response) -> str | None:
    """What is wrong with the answer; None for the right one."""
    # The path itself is in the text of a 404: the caller has named it.
    if found := leaks(caller, answer.text.replace(path, "")):
        return f"leaks {found}"
    if path in PROBES:
        expected = 200
    elif caller.sees is None:
        expected = 401
    else:
        expected = 404 if tenant and tenant not in caller.sees | caller.by_name else 200
    is_right = answer.status_code == expected
    return (
        None if is_right else f"answers {answer.status_code}, not {expected}: {answer.text[:200]}"
    )


def test_no_caller_gets_on_any_path_what_it_may_not_see(
    server: ServerProcess, callers: list[Caller]
) -> None:
    tried, wrong = 0, []
    for caller in callers:
        for path, tenant in [pair for template in every_path() for pair in filled(template)]:
            problem = problem_of(caller, path, tenant, ask(server, caller, path))
            tried += 1
            if problem:
                wrong.append(f"{caller.name} on {path}: {problem}")
    assert wrong == []
    assert tried >= 150
    assert len(callers) >= 20


def test_each_caller_gets_what_it_may_see(server: ServerProcess, callers: list[Caller]) -> None:
    for caller in callers:
        if caller.sees is None:
            continue
        recent, status = ask(server, caller, RECENT).json(), ask(server, caller, STATUS).json()
        jobs = [job for job in recent["jobs"] if job["namespace"] in EACH]
        assert {job["namespace"] for job in jobs} == caller.sees, caller.name
        tasks = {task["namespace"] for task in status["scheduler"]["tasks"]}
        if status["scheduler"]["namespaces"] is None:
            # Who sees all sees what the tests of other files left on this API server too.
            tasks &= {RED, BLUE}
        else:
            assert jobs == recent["jobs"], caller.name
            assert recent["total_found"] == len(caller.sees), caller.name
            assert status["job_statistics"]["failed_jobs"] == len(caller.sees), caller.name
        assert tasks == caller.sees - {PAST}, caller.name
        pages = [ask(server, caller, f"/api/v1/jobs/{j['id']}").json() for j in jobs]
        readable = {page["namespace"] for page in pages if not page["withheld"]}
        assert readable == caller.logs & caller.sees, caller.name


def test_each_caller_sees_a_namespace_that_it_names_by_its_rights_there(
    server: ServerProcess, callers: list[Caller]
) -> None:
    """Also one without a task. Whoever may not see it gets what one that is not there gives."""
    tried = 0
    for caller in callers:
        for namespace in (*EACH, "none-such"):
            for path in (RECENT, STATUS):
                query = {**caller.query, "namespace": namespace}
                answer = ask(server, replace(caller, query=query), path)
                tried += 1
                assert answer.status_code == (401 if caller.sees is None else 200), caller.name
                assert leaks(caller, answer.text) == set()
                sees = (caller.sees or NONE) | caller.by_name
                if path == RECENT and caller.sees is not None:
                    found = {job["namespace"] for job in answer.json()["jobs"]}
                    assert found == sees & {namespace}, (caller.name, namespace)
                elif caller.sees is not None:
                    jobs = answer.json()["job_statistics"]["failed_jobs"]
                    assert jobs == len(sees & {namespace}), (caller.name, namespace)
    assert tried >= 200


def test_the_forged_tokens_are_wrong_in_nothing_else(
    server: ServerProcess, api_server: ApiServer
) -> None:
    """Without this, a mistake in the test's own signature would look like a refusal."""
    token = forged(api_server, token_of(api_server, "admin"))
    assert server.ask(STATUS, token).status_code == 200


def test_a_server_without_the_right_to_review_lets_nobody_in(
    server: ServerProcess, api_server: ApiServer
) -> None:
    token = token_of(api_server, "admin", "--audience=jvscheduler")
    api_server.kubectl("delete", "clusterrolebinding", "callers-server-reviewing")

    def refused() -> bool:
        answer = server.ask(STATUS, token_of(api_server, "admin"))
        return answer.status_code == 503 and "callers-server" not in answer.text

    eventually(refused, "nobody comes in")
    assert server.ask("/readyz").status_code == 200
    assert server.ask(STATUS, token).headers["retry-after"] == "10"
