"""TLS to the bundled PostgreSQL: what its address promises is kept, and plain text is refused."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from jvscheduler.environment import (
    DATABASE_ADMIN_URL,
    DATABASE_AUTHORITY_FILE,
    DATABASE_URL,
    OPERATOR_DATABASE_URL,
)
from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.backends.postgresql.url import driver_url
from jvscheduler.history.store.database import open_store
from jvscheduler_operator.database.isolation import Isolation
from jvscheduler_operator.database.postgresql import PostgresRoles
from jvscheduler_operator.database.roles import RoleNotMade
from jvscheduler_server.credentials.certificates import make_authority
from jvscheduler_server.credentials.decide import Installation, decide
from tests.support.bundled_postgres import BundledPostgres, a_bundled_postgres

INSTALLATION = Installation("jvscheduler", "jvscheduler", has_database=True)


@dataclass(frozen=True)
class Place:
    """Addresses as the chart's Job writes them, led to this machine's PostgreSQL."""

    postgres: BundledPostgres
    authority: Path
    secret: dict[str, str]

    def here(self, url: str, host: str = "localhost") -> str:
        local = url.replace("jvscheduler-postgresql.jvscheduler.svc:5432", f"{host}:{{port}}")
        assert local != url
        return local.format(port=self.postgres.port).replace(
            DATABASE_AUTHORITY_FILE, str(self.authority)
        )

    @property
    def isolation(self) -> Isolation:
        return Isolation(self.here(self.secret["operator-url"]), self.secret["namespace-key"])

    @property
    def url(self) -> str:
        """The address in the Secret of the namespace `shop`."""
        return self.isolation.url_of("shop")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Installed: prepared, migrated by the server's init container, with one namespace."""
    (secret,) = decide(INSTALLATION, {}, datetime.now(UTC)).values()
    with a_bundled_postgres() as postgres:
        authority = tmp_path_factory.mktemp("tls") / "ca.crt"
        authority.write_text(postgres.authority.certificate)
        found = Place(postgres, authority, dict(secret))
        postgres.prepare(secret["owner-password"])
        postgres.start()
        keys = {
            DATABASE_ADMIN_URL: "admin-url",
            DATABASE_URL: "url",
            OPERATOR_DATABASE_URL: "operator-url",
        }
        addresses = {name: found.here(secret[key]) for name, key in keys.items()}
        migrate = [sys.executable, "-m", "jvscheduler_server.migrate"]
        subprocess.run(migrate, env={**os.environ, **addresses}, check=True)
        roles = PostgresRoles(found.isolation.driver_url)
        asyncio.run(roles.make("shop", found.isolation.password_of("shop")))
        yield found


def look(url: str) -> None:
    """Read the namespace's history, which is empty."""

    async def run() -> None:
        store = open_store(url)
        try:
            await store.open()
            assert await store.unfinished() == []
        finally:
            await store.close()

    asyncio.run(run())


def test_the_history_is_reached_by_the_address_of_the_chart(place: Place) -> None:
    async def run() -> bool:
        connection = await asyncpg.connect(driver_url(place.url))
        try:
            asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            return bool(await connection.fetchval(asked))
        finally:
            await connection.close()

    look(place.url)
    assert asyncio.run(run())


def options(**changes: str) -> Callable[[Place], str]:
    def change(place: Place) -> str:
        url = place.url
        for name, value in changes.items():
            url = re.sub(rf"{name}=[^&]*", f"{name}={value}", url)
        return url

    return change


def without_verification(mode: str) -> Callable[[Place], str]:
    def change(place: Place) -> str:
        plain = re.sub(r"sslrootcert=[^&]*&", "", place.url)
        return plain.replace("verify-full", mode)

    return change


def of_another_host(mode: str) -> Callable[[Place], str]:
    return lambda place: place.url.replace("localhost", "127.0.0.1").replace("verify-full", mode)


@pytest.mark.parametrize(
    "address",
    [of_another_host("verify-ca"), of_another_host("require"), without_verification("require")],
    ids=["verify-ca", "require with an authority", "require"],
)
def test_a_weaker_mode_verifies_less(address: Callable[[Place], str], place: Place) -> None:
    look(address(place))


@dataclass(frozen=True)
class Refusal:
    name: str
    address: Callable[[Place], str]
    says: str


REFUSALS = [
    Refusal("no TLS", without_verification("disable"), "no encryption"),
    Refusal("the wrong host", of_another_host("verify-full"), "127.0.0.1"),
    Refusal("no file", options(sslrootcert="/nowhere/ca.crt"), "no file /nowhere/ca.crt"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_a_connection_that_is_not_safe_is_refused(refusal: Refusal, place: Place) -> None:
    with pytest.raises(HistoryUnavailable, match=refusal.says):
        look(refusal.address(place))


def test_a_server_that_another_authority_signed_is_refused(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "other.crt"
    file.write_text(make_authority("tests", datetime.now(UTC)).certificate)
    for mode in ("verify-full", "verify-ca", "require"):
        with pytest.raises(HistoryUnavailable, match="certificate verify failed"):
            look(options(sslrootcert=str(file), sslmode=mode)(place))
    isolation = Isolation(
        options(sslrootcert=str(file))(place).partition("&schema")[0], place.secret["namespace-key"]
    )
    with pytest.raises(RoleNotMade, match="SSLCertVerificationError"):
        asyncio.run(PostgresRoles(isolation.driver_url).make("shop", "x" * 32))


def test_a_server_without_tls_is_refused(postgres_url: str, place: Place) -> None:
    url = f"{postgres_url}?sslmode=verify-full&sslrootcert={place.authority}"
    with pytest.raises(HistoryUnavailable, match="rejected SSL upgrade"):
        look(url)
