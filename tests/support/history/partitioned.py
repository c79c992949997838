"""A PostgreSQL database as the chart sets it up: an owner without a superuser's rights, a server,
an operator, and a role for each namespace.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg

from jvscheduler import environment
from jvscheduler.history.backends.postgresql.url import driver_url
from jvscheduler_server.migrate.apply import Migration, migrate
from jvscheduler_server.migrate.settings import read_settings
from tests.cluster.postgres import PostgresServer

PASSWORD = "a long enough password"  # noqa: S105 - of a test


@dataclass
class PartitionedDatabase:
    """`superuser` is the URL of the database for PostgreSQL's own superuser."""

    postgres: PostgresServer
    superuser: str
    suffix: str = field(default_factory=lambda: secrets.token_hex(4))
    """Roles are of the whole PostgreSQL, which other databases of the tests share."""
    roles: list[str] = field(default_factory=list)

    def url(self, role: str, schema: str | None = None) -> str:
        """The URL of the database for a role."""
        parts = urlsplit(self.superuser)
        host = parts.netloc.rpartition("@")[2]
        user = f"{role}:{PASSWORD.replace(' ', '%20')}"
        query = f"schema={schema}" if schema else ""
        return parts._replace(netloc=f"{user}@{host}", query=query).geturl()

    @property
    def owner(self) -> str:
        return self.url(f"owner_{self.suffix}")

    @property
    def operator(self) -> str:
        return self.url(f"operator_{self.suffix}")

    @property
    def server(self) -> str:
        return self.url(f"server_{self.suffix}", "jvscheduler")

    @property
    def environ(self) -> dict[str, str]:
        """The variables of the migration."""
        return {
            environment.DATABASE_ADMIN_URL: self.owner,
            environment.DATABASE_URL: self.server,
            environment.OPERATOR_DATABASE_URL: self.operator,
        }

    @property
    def name(self) -> str:
        return urlsplit(self.superuser).path.removeprefix("/")

    def execute(self, statement: str) -> str:
        """Run a statement as the superuser."""
        return self.postgres.execute(statement, self.name)

    def as_role(self, url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement as the role of the URL, and return its rows."""

        async def run() -> list[tuple[object, ...]]:
            connection = await asyncpg.connect(driver_url(url))
            try:
                return [tuple(row) for row in await connection.fetch(statement, *values)]
            finally:
                await connection.close()

        return asyncio.run(run())

    def prepare(self) -> None:
        """What the chart's setup does as the superuser."""
        owner = f"owner_{self.suffix}"
        self.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        self.execute(f"ALTER DATABASE {self.name} OWNER TO {owner}")
        self.roles += [owner, f"server_{self.suffix}", f"operator_{self.suffix}"]
        self.roles.append("jvscheduler_namespace")
        for function in (
            "lo_creat(integer)",
            "lo_create(oid)",
            "lo_from_bytea(oid, bytea)",
            "lo_put(oid, bigint, bytea)",
            "lowrite(integer, bytea)",
        ):
            self.execute(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function} FROM PUBLIC")

    def migrate(self, *arguments: str) -> Migration:
        settings = read_settings(arguments, self.environ)

        async def run() -> Migration:
            connection = await asyncpg.connect(settings.admin_url)
            try:
                return await migrate(connection, settings)
            finally:
                await connection.close()

        return asyncio.run(run())

    def make_namespace(self, namespace: str) -> str:
        """Make a namespace as the operator does, and return its URL."""
        text = "SELECT jvscheduler.make_namespace($1, $2)"
        ((role,),) = self.as_role(self.operator, text, namespace, PASSWORD)
        if role not in self.roles:
            self.roles.append(str(role))
        return self.url(str(role), str(role))

    def as_script(self, url: str, text: str) -> None:
        """Run statements as the role of the URL."""

        async def run() -> None:
            connection = await asyncpg.connect(driver_url(url))
            try:
                await connection.execute(text)
            finally:
                await connection.close()

        asyncio.run(run())

    def drop_roles(self) -> None:
        exist = self.execute("SELECT rolname FROM pg_roles").split()
        for role in [role for role in reversed(self.roles) if role in exist]:
            self.execute(f"DROP OWNED BY {role} CASCADE")
            self.execute(f"DROP ROLE {role}")


@contextmanager
def a_prepared_database(postgres: PostgresServer) -> Iterator[PartitionedDatabase]:
    """A database that the migration has not seen."""
    with postgres.database() as superuser:
        made = PartitionedDatabase(postgres, superuser)
        made.prepare()
        try:
            yield made
        finally:
            made.execute(f"ALTER DATABASE {made.name} OWNER TO postgres")
            made.drop_roles()


@contextmanager
def a_partitioned_database(postgres: PostgresServer) -> Iterator[PartitionedDatabase]:
    with a_prepared_database(postgres) as made:
        made.migrate()
        yield made
