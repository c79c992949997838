"""`jvscheduler dashboard` through a real API server, with each kind of login in a kubeconfig."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from jvscheduler_server.aggregation.application import GROUP, VERSION
from jvscheduler_server.credentials.certificates import make_authority
from tests.cluster.api_server import ApiServer, free_ports
from tests.cluster.postgres import PostgresServer
from tests.support.operator.custom_resource import install_crd
from tests.support.server import tenants
from tests.support.server.aggregation import OWN, SERVICE, registration, write_certificate
from tests.support.server.dashboard import a_dashboard, refused
from tests.support.server.process import a_server
from tests.support.server.service_account import server_kubeconfig
from tests.support.server.tenants import BLUE, RED, TENANTS, is_known, job_id, marks, token_of
from tests.support.waiting import eventually

RECENT = "/api/scheduler/jobs/recent"


@pytest.fixture(scope="module")
def cluster(
    api_server: ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ApiServer, Path]]:
    """The tenants, and the account of a server that does not run yet; nothing is registered."""
    install_crd(api_server)
    kubeconfig = server_kubeconfig(api_server, OWN, tmp_path_factory.mktemp("dashboard"))
    tenants.apply(api_server)
    try:
        yield api_server, kubeconfig
    finally:
        api_server.kubectl("delete", SERVICE, "--ignore-not-found")
        api_server.kubectl("delete", "namespace", OWN)


@pytest.fixture(scope="module")
def served(
    cluster: tuple[ApiServer, Path],
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ApiServer]:
    api_server, kubeconfig = cluster
    folder, (port,) = tmp_path_factory.mktemp("served"), free_ports(1)
    with postgres_server.database() as url:
        asyncio.run(tenants.write_jobs(url))
        api_server.kubectl("apply", "-f", "-", stdin=registration(port))
        write_certificate(folder / "tls", make_authority("tests", datetime.now(UTC)))
        with a_server(kubeconfig, url, folder, "kubernetes", (port, folder / "tls")):
            api_server.kubectl("wait", "--for=condition=Available", SERVICE, "--timeout=90s")
            yield api_server


def kubeconfig_of(api_server: ApiServer, user: Mapping[str, Any], folder: Path) -> Path:
    """The cluster of the API server, with another user."""
    config = yaml.safe_load(api_server.kubeconfig.read_text())
    config["users"] = [{"name": config["users"][0]["name"], "user": dict(user)}]
    file = folder / "user.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


def namespaces(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {job["namespace"] for job in answer.json()["jobs"]}


def test_where_the_api_is_not_served_it_says_how_to_reach_the_server(
    cluster: tuple[ApiServer, Path], tmp_path: Path
) -> None:
    """Before `served`: then nobody has registered the API."""
    api_server, _ = cluster
    for account in ("admin", "nobody"):
        token = token_of(api_server, account)
        said = refused(kubeconfig_of(api_server, {"token": token}, tmp_path), "-n", "monitoring")
        assert f"does not serve {GROUP}" in said
        assert "auth.aggregation=false" in said
        assert "kubectl --namespace monitoring port-forward svc/jvscheduler-server" in said


def test_where_no_server_answers_it_says_where_to_look(
    cluster: tuple[ApiServer, Path],
) -> None:
    api_server, _ = cluster
    (port,) = free_ports(1)
    api_server.kubectl("apply", "-f", "-", stdin=registration(port))
    try:
        said = refused(api_server.kubeconfig)
        assert "jvscheduler-server does not answer behind the API server (503" in said
        assert f"kubectl get apiservice {VERSION}.{GROUP}" in said
    finally:
        api_server.kubectl("delete", SERVICE)


def test_a_token_brings_its_own_rights(served: ApiServer, tmp_path: Path) -> None:
    kubeconfig = kubeconfig_of(served, {"token": token_of(served, "red-dev")}, tmp_path)
    with a_dashboard(kubeconfig, tmp_path) as dashboard:
        stranger = dashboard.get(RECENT)
        assert stranger.status_code == 401
        assert RED not in stranger.text
        dashboard.open()
        recent = dashboard.get(RECENT, hours=1)
        assert namespaces(recent) == {RED}
        assert BLUE not in recent.text
        own = dashboard.get(f"/api/v1/jobs/{job_id(RED)}")
        assert marks(RED)["log"] in own.text
        assert dashboard.get(f"/api/v1/jobs/{job_id(BLUE)}").status_code == 404
        # The browser's login, and names that only the API server may give, stay here.
        sent = {"Authorization": f"Bearer {token_of(served, 'admin')}", "X-Remote-User": "admin"}
        sent |= {"Impersonate-User": "admin", "Impersonate-Group": "system:masters"}
        assert namespaces(dashboard.client.get(RECENT, headers=sent)) == {RED}


def test_a_client_certificate_reaches_the_server(served: ApiServer, tmp_path: Path) -> None:
    assert "client-certificate" in served.kubeconfig.read_text()
    with a_dashboard(served.kubeconfig, tmp_path) as dashboard:
        assert namespaces(dashboard.open().get(RECENT)) == set(TENANTS)


def test_the_first_page_leads_to_the_docs(served: ApiServer, tmp_path: Path) -> None:
    with a_dashboard(served.kubeconfig, tmp_path) as dashboard:
        first = dashboard.open().client.get("/", follow_redirects=True)
        assert (first.status_code, first.url.path) == (200, "/docs")
        assert "GET /api/scheduler/status" in first.text
        assert first.headers["content-security-policy"].startswith("default-src 'none'")
        assert dashboard.get("/openapi.json").json()["openapi"]
        wrong = dashboard.get(RECENT, statuss="failed")
        assert wrong.json()["detail"].startswith("statuss: unknown parameter")
        posted = dashboard.client.post(RECENT, headers={"X-Requested-With": "jvscheduler"})
        assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    ["/..%2f..%2f..%2f..%2fapi/v1/secrets", "/%2e%2e/%2e%2e/%2e%2e/api/v1/secrets", "//api/v1"],
)
def test_nothing_else_of_the_cluster_is_reached(
    path: str, served: ApiServer, tmp_path: Path
) -> None:
    with a_dashboard(served.kubeconfig, tmp_path) as dashboard:
        answer = dashboard.open().client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            404,
            "application/problem+json",
        )


def test_a_program_that_logs_in_is_asked_again(served: ApiServer, tmp_path: Path) -> None:
    """Its first token is of an account that is deleted meanwhile."""
    served.kubectl("-n", tenants.CALLERS, "create", "serviceaccount", "leaving")
    token = tmp_path / "token"
    token.write_text(leaving := token_of(served, "leaving"))
    program = tmp_path / "login.py"
    kind = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    program.write_text(
        f"import json\ntoken = open({str(token)!r}).read()\n"
        f"print(json.dumps({kind!r} | {{'status': {{'token': token}}}}))\n"
    )
    command = {"command": sys.executable, "args": [str(program)], "interactiveMode": "Never"}
    user = {"exec": {"apiVersion": kind["apiVersion"], **command}}
    with a_dashboard(kubeconfig_of(served, user, tmp_path), tmp_path) as dashboard:
        assert namespaces(dashboard.open().get(RECENT)) == set()
        served.kubectl("-n", tenants.CALLERS, "delete", "serviceaccount", "leaving")
        eventually(lambda: not is_known(served, leaving), "the token is refused")
        eventually(lambda: dashboard.get(RECENT).status_code == 502, "the login is refused")
        token.write_text(token_of(served, "blue-dev"))
        eventually(lambda: dashboard.get(RECENT).status_code == 200, "there is another login")
        assert namespaces(dashboard.get(RECENT)) == {BLUE}


def test_who_may_not_read_the_api_is_told(served: ApiServer, tmp_path: Path) -> None:
    kubeconfig = kubeconfig_of(served, {"token": token_of(served, "nobody")}, tmp_path)
    binding = ("clusterrolebinding", "jvscheduler-api")
    kept = served.kubectl("get", *binding, "-o", "json")
    served.kubectl("delete", *binding)
    try:
        allowed = ("auth", "can-i", "get", f"api.{GROUP}", "--as=nobody")
        groups = ("--as-group=system:authenticated",)
        eventually(lambda: not served.answers(*allowed, *groups), "the right is gone")
        said = refused(kubeconfig)
        assert "cannot get resource" in said
        assert "ClusterRoleBinding jvscheduler-api" in said
    finally:
        metadata = {"name": binding[1]}
        served.kubectl(
            "apply", "-f", "-", stdin=json.dumps({**json.loads(kept), "metadata": metadata})
        )


def test_ctrl_c_ends_it_plainly(served: ApiServer, tmp_path: Path) -> None:
    with a_dashboard(served.kubeconfig, tmp_path) as dashboard:
        dashboard.open().get(RECENT)
        assert dashboard.interrupt() == 0
        assert "Traceback" not in dashboard.output.read_text()


def test_it_opens_the_browser_and_does_not_wait_for_it(served: ApiServer, tmp_path: Path) -> None:
    opened, closed, browser = (tmp_path / name for name in ("opened", "closed", "browser"))
    lines = (
        "#!/bin/sh",
        f'echo "$1" > {opened}.part',
        f"mv {opened}.part {opened}",
        f"until test -e {closed}; do sleep 0.1; done",
    )
    browser.write_text("\n".join(lines))
    browser.chmod(0o755)
    with a_dashboard(served.kubeconfig, tmp_path, browser) as dashboard:
        eventually(opened.exists, "the browser is open")
        assert opened.read_text().strip() == dashboard.link
        assert dashboard.interrupt() == 0
        closed.touch()


def test_a_kubeconfig_that_does_not_serve_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert f"no login in the kubeconfig {missing}" in refused(missing)


def test_an_unknown_context_is_named(api_server: ApiServer) -> None:
    assert "none-such" in refused(api_server.kubeconfig, "--context", "none-such")


def test_an_api_server_that_is_away_is_named(api_server: ApiServer, tmp_path: Path) -> None:
    config = yaml.safe_load(api_server.kubeconfig.read_text())
    (port,) = free_ports(1)
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    away = tmp_path / "away"
    away.write_text(yaml.safe_dump(config))
    assert "the API server of the context" in (said := refused(away))
    assert "does not answer" in said


def test_a_wrong_token_is_named(api_server: ApiServer, tmp_path: Path) -> None:
    said = refused(kubeconfig_of(api_server, {"token": "garbage"}, tmp_path))
    assert "does not accept the login" in said


def test_a_taken_port_is_named(api_server: ApiServer) -> None:
    port = api_server.url.rpartition(":")[2]
    assert f"--port {port} cannot be used" in refused(api_server.kubeconfig, "--port", port)
