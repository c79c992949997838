"""The API through the API server: every caller with its own identity, and nobody past it."""

import asyncio
import base64
import contextlib
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest

from jvscheduler_server.aggregation.application import GROUP, PREFIX, VERSION
from jvscheduler_server.credentials.certificates import make_authority
from tests.cluster.api_server import (
    FRONT_PROXY,
    NO_FRONT_PROXY,
    ApiServer,
    free_ports,
    front_proxy_folder,
)
from tests.cluster.pki import Authority, Pair
from tests.cluster.postgres import PostgresServer
from tests.support.operator.custom_resource import install_crd
from tests.support.server import tenants
from tests.support.server.aggregation import OWN, SERVICE, registration, write_certificate
from tests.support.server.memory import peak
from tests.support.server.process import ServerProcess, a_server
from tests.support.server.service_account import server_kubeconfig
from tests.support.server.tenants import BLUE, RED, TENANTS, job_id, marks, token_of
from tests.support.waiting import eventually

RECENT = "/api/scheduler/jobs/recent"
SILENT = 900
"""As many as a process may have that may open 1,024 files."""

ALLOWED = 1.5
"""Of the memory of a server that has answered."""

SPOOFED = {"X-Remote-User": "system:admin", "X-Remote-Group": "system:masters"}


@pytest.fixture(scope="module")
def server(
    api_server: ApiServer,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    install_crd(api_server)
    folder, (port,) = tmp_path_factory.mktemp("aggregation"), free_ports(1)
    kubeconfig = server_kubeconfig(api_server, OWN, folder)
    tenants.apply(api_server)
    with postgres_server.database() as url:
        asyncio.run(tenants.write_jobs(url))
        api_server.kubectl("apply", "-f", "-", stdin=registration(port))
        try:
            write_certificate(folder / "tls", make_authority("tests", datetime.now(UTC)))
            with a_server(kubeconfig, url, folder, "kubernetes", (port, folder / "tls")) as process:
                api_server.kubectl("wait", "--for=condition=Available", SERVICE, "--timeout=90s")
                yield process
        finally:
            # An APIService without its server would keep namespaces from being deleted.
            api_server.kubectl("delete", SERVICE)


def through(api_server: ApiServer, token: str, path: str) -> httpx.Response:
    """Ask through the API server, with headers that only the API server may send."""
    headers = {"Authorization": f"Bearer {token}", **SPOOFED} if token else SPOOFED
    url = f"{api_server.url}{PREFIX}{path}"
    return httpx.get(url, headers=headers, verify=False, timeout=30)  # noqa: S501 - a test's own


@dataclass(frozen=True)
class Expected:
    account: str
    sees: frozenset[str]
    logs: frozenset[str] = frozenset()


CALLERS = [
    Expected("admin", frozenset(TENANTS), frozenset(TENANTS)),
    Expected("red-dev", frozenset({RED}), frozenset({RED})),
    Expected("blue-dev", frozenset({BLUE}), frozenset({BLUE})),
    Expected("red-viewer", frozenset({RED})),
    Expected("auditor", frozenset(TENANTS)),
    Expected("nobody", frozenset()),
]


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.account)
@pytest.mark.usefixtures("server")
def test_a_caller_has_its_own_rights(caller: Expected, api_server: ApiServer) -> None:
    answer = through(api_server, token_of(api_server, caller.account), RECENT)
    assert answer.status_code == 200, answer.text
    found = {job["namespace"] for job in answer.json()["jobs"]}
    if caller.sees == frozenset(TENANTS):
        # Who sees all sees what the tests of other files left on this API server too.
        found &= caller.sees
    assert found == caller.sees
    for tenant in TENANTS:
        assert (tenant in answer.text) == (tenant in caller.sees)
        if tenant not in caller.logs:
            assert marks(tenant)["traceback"] not in answer.text
            assert marks(tenant)["log"] not in answer.text


@dataclass(frozen=True)
class JobPage:
    account: str
    status: int
    has_log: bool = False


PAGES = [
    JobPage("admin", 200, has_log=True),
    JobPage("red-dev", 200, has_log=True),
    JobPage("red-viewer", 200),
    JobPage("auditor", 200),
    JobPage("blue-dev", 404),
    JobPage("red-logs-only", 404),
    JobPage("nobody", 404),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.account)
@pytest.mark.usefixtures("server")
def test_a_jobs_page_is_for_whom_it_may_see(page: JobPage, api_server: ApiServer) -> None:
    token = token_of(api_server, page.account)
    answer = through(api_server, token, f"/api/v1/jobs/{job_id(RED)}")
    assert answer.status_code == page.status, answer.text
    assert (marks(RED)["result"] in answer.text) == (page.status == 200)
    for kind in ("traceback", "log"):
        assert (marks(RED)[kind] in answer.text) == page.has_log
    none_such = through(api_server, token, "/api/v1/jobs/o.ScheduledJob.none-such")
    if page.status == 404:
        assert none_such.json()["detail"] == answer.json()["detail"], "it tells of a hidden job"


def test_the_role_view_of_kubernetes_sees_tasks(api_server: ApiServer) -> None:
    install_crd(api_server)
    chart = ("template", "jvscheduler", "charts/jvscheduler", "-s", "templates/server/viewers.yaml")
    api_server.kubectl("apply", "-f", "-", stdin=api_server.helm(*chart))
    api_server.kubectl("create", "namespace", "seen")
    words = ("create", "rolebinding", "reader", "--clusterrole=view", "--user=reader", "-n", "seen")
    api_server.kubectl(*words)
    for right in (("list", "scheduledtasks.jvscheduler.dev"), ("get", "pods/log")):
        asked = ("auth", "can-i", *right, "--as=reader", "-n")
        eventually(lambda asked=asked: api_server.answers(*asked, "seen"), f"{right}")  # type: ignore[misc]
        assert not api_server.answers(*asked, "default")


@pytest.mark.usefixtures("server")
def test_a_kubeconfig_with_a_client_certificate_reaches_it(api_server: ApiServer) -> None:
    """It has no token that it could send."""
    answer = json.loads(api_server.kubectl("get", "--raw", f"{PREFIX}{RECENT}?hours=1&limit=90"))
    # An administrator sees what the tests of other files left on this API server too.
    assert {job["namespace"] for job in answer["jobs"]} >= set(TENANTS)
    assert answer["filters"]["hours_back"] == 1


@pytest.mark.usefixtures("server")
def test_an_impersonated_user_has_that_users_rights(api_server: ApiServer) -> None:
    user = f"--as=system:serviceaccount:{tenants.CALLERS}:red-dev"
    groups = ("--as-group=system:serviceaccounts", "--as-group=system:authenticated")
    raw = api_server.kubectl("get", "--raw", f"{PREFIX}{RECENT}", user, *groups)
    assert {job["namespace"] for job in json.loads(raw)["jobs"]} == {RED}


@pytest.mark.usefixtures("server")
def test_a_stranger_does_not_pass_the_api_server(api_server: ApiServer) -> None:
    for token in ("", "garbage"):
        answer = through(api_server, token, RECENT)
        assert answer.status_code in (401, 403)
        assert RED not in answer.text


@pytest.mark.usefixtures("server")
def test_discovery_has_the_group_and_nothing_to_delete(api_server: ApiServer) -> None:
    found = json.loads(api_server.kubectl("get", "--raw", PREFIX))
    assert (found["kind"], found["resources"]) == ("APIResourceList", [])
    assert f"{GROUP}/{VERSION}" in api_server.kubectl("api-versions").splitlines()
    api_server.kubectl("create", "namespace", "short-lived")
    api_server.kubectl("delete", "namespace", "short-lived", "--timeout=60s")


def direct(server: ServerProcess, pair: Pair | None, path: str = f"{PREFIX}{RECENT}") -> int | str:
    """Ask the port for the API server as if one were it. Returns the status, or the TLS error."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if pair:
        context.load_cert_chain(pair.certificate, pair.key)
    url = f"https://127.0.0.1:{server.aggregation_port}{path}"
    try:
        return httpx.get(url, headers=SPOOFED, verify=context, timeout=30).status_code
    except httpx.TransportError as error:
        return type(error).__name__


def refused(answer: int | str) -> bool:
    return answer == 401 or answer in ("ReadError", "ConnectError", "RemoteProtocolError")


def test_nobody_else_may_call_as_the_api_server(
    server: ServerProcess, api_server: ApiServer, tmp_path: Path
) -> None:
    other = Authority(tmp_path, datetime.now(UTC))
    wrong = {
        "no certificate": None,
        "another authority": other.issue_client(FRONT_PROXY),
        "another name": pair_of(api_server, NO_FRONT_PROXY),
    }
    answers = {name: direct(server, pair) for name, pair in wrong.items()}
    assert {name: answer for name, answer in answers.items() if not refused(answer)} == {}
    assert answers["another name"] == 401
    right = pair_of(api_server, FRONT_PROXY)
    assert direct(server, right) == 200
    assert direct(server, right, RECENT) == 404


def pair_of(api_server: ApiServer, name: str) -> Pair:
    folder = front_proxy_folder(api_server.folder)
    return Pair(folder / f"{name}.key", folder / f"{name}.crt")


def test_silent_connections_take_little_memory_and_keep_nobody_out(
    server: ServerProcess, api_server: ApiServer
) -> None:
    assert server.process is not None
    right = pair_of(api_server, FRONT_PROXY)
    assert direct(server, right) == 200
    idle = psutil.Process(server.process.pid).memory_info().rss
    address = ("127.0.0.1", server.aggregation_port)
    with contextlib.ExitStack() as held:
        silent = [held.enter_context(socket.create_connection(address)) for _ in range(SILENT)]
        assert direct(server, right) == 200
        eventually(lambda: all(map(is_closed, silent)), "the server closed all of them")
    most = peak(server.process.pid)
    print(f"idle {idle >> 20} MiB, peak {most >> 20} MiB, {most / idle:.2f} x")
    assert most <= ALLOWED * idle


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def is_verified_by(api_server: ApiServer, authority: str) -> bool:
    spec = json.loads(api_server.kubectl("get", SERVICE, "-o", "json"))["spec"]
    bundle = base64.b64decode(spec.get("caBundle", "")).decode()
    return bundle == authority and not spec.get("insecureSkipTLSVerify")


def test_the_api_server_verifies_the_certificate_that_the_server_has(
    server: ServerProcess, api_server: ApiServer
) -> None:
    assert server.certificate is not None
    assert is_verified_by(api_server, (server.certificate / "ca.crt").read_text())


def test_another_certificate_is_taken_without_a_restart_and_a_registration_is_mended(
    server: ServerProcess, api_server: ApiServer
) -> None:
    """The server looks at both once a minute."""
    assert server.certificate is not None
    authority = make_authority("tests", datetime.now(UTC))
    write_certificate(server.certificate, authority)
    # As a chart of an earlier release has it, or whoever would listen in between.
    skipped = '{"spec": {"caBundle": null, "insecureSkipTLSVerify": true}}'
    api_server.kubectl("patch", SERVICE, "--type=merge", "-p", skipped)
    eventually(
        lambda: is_verified_by(api_server, authority.certificate), "the server has looked at both"
    )
    api_server.kubectl("wait", "--for=condition=Available", SERVICE, "--timeout=60s")
    assert json.loads(api_server.kubectl("get", "--raw", f"{PREFIX}{RECENT}"))["jobs"]
