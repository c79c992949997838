"""A task's pod reaches the bundled PostgreSQL with TLS, and in no other way."""

import json
from typing import Any

import pytest
import yaml

from tests.e2e.installation import NAMESPACE, SHOP, Installation

NAME = "tls-probe"
PROBE = """
import asyncio, asyncpg, json, os, socket, ssl
from urllib.parse import urlsplit
from jvscheduler.history.backends.postgresql.url import driver_url

async def attempt(url, **options):
    try:
        connection = await asyncpg.connect(url, timeout=10, **options)
    except (asyncpg.PostgresError, OSError) as error:
        return getattr(error, "sqlstate", None) or type(error).__name__
    return await connection.fetchval(
        "SELECT version FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()")

async def main():
    url = os.environ["JVSCHEDULER_DATABASE_URL"]
    plain, host = url.partition("?")[0], urlsplit(url).hostname
    address = socket.gethostbyname(host)
    print(json.dumps({
        "as it is told": await attempt(driver_url(url)),
        "plain": await attempt(plain + "?sslmode=disable"),
        "by address": await attempt(driver_url(url.replace(host, address))),
        "other authorities": await attempt(plain, ssl=ssl.create_default_context()),
    }))

asyncio.run(main())
"""


def probe(cron_job: dict[str, Any]) -> dict[str, Any]:
    """A pod such as the CronJob's, with another command. Nobody may give it a task's label."""
    spec = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (task,) = spec["containers"]
    task["command"] = ["python", "-c", PROBE]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": NAME, "namespace": SHOP},
        "spec": spec,
    }


@pytest.fixture(scope="module")
def probed(installation: Installation) -> dict[str, str]:
    kubectl, where = installation.cluster.kubectl, ("-n", SHOP, f"pod/{NAME}")
    cron_job = installation.object("cronjob", "shop-tasks-collect-metrics")
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(probe(cron_job)))
    try:
        kubectl("wait", *where, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s")
        answers: dict[str, str] = json.loads(kubectl("logs", *where))
    finally:
        kubectl("delete", *where, "--wait=false")
    return answers


def test_the_address_that_a_task_has_is_for_tls(probed: dict[str, str]) -> None:
    assert probed["as it is told"] == "TLSv1.3"


def test_the_server_refuses_a_connection_without_tls(probed: dict[str, str]) -> None:
    # invalid_authorization_specification: pg_hba.conf has no entry without encryption.
    assert probed["plain"] == "28000"


def test_a_task_refuses_a_server_that_it_cannot_verify(probed: dict[str, str]) -> None:
    for attempt in ("by address", "other authorities"):
        assert probed[attempt] == "SSLCertVerificationError", attempt


def test_every_session_of_the_installation_has_tls(installation: Installation) -> None:
    plain = (
        "SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl"
        " JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL"
    )
    psql = ("psql", "-U", "postgres", "-d", "jvscheduler", "-Atc", plain)
    pod = ("exec", "-n", NAMESPACE, f"{NAMESPACE}-postgresql-0", "--")
    with_tls, without = installation.cluster.kubectl(*pod, *psql).strip().split("|")
    assert int(with_tls) > 0
    assert int(without) == 0


def test_the_job_that_made_the_credentials_is_gone(installation: Installation) -> None:
    """With its account and its rights."""
    kinds = "jobs,serviceaccounts,roles,rolebindings"
    left = installation.cluster.kubectl("get", kinds, "-n", NAMESPACE, "-o", "name").splitlines()
    assert not [name for name in left if "credentials" in name]
