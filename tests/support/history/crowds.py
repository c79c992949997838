"""PostgreSQLs that take few connections, and crowds that need one at the same moment."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Final
from urllib.parse import urlsplit

from tests.cluster.postgres import PostgresServer

_NUMBERS: Final = count(1)

MakeSmall = Callable[[PostgresServer, int], AbstractContextManager[str]]


@contextmanager
def limited_role(server: PostgresServer, connections: int) -> Iterator[str]:
    """The URL of an empty database, as a user who may have this many connections."""
    with _owned_database(server, f"CONNECTION LIMIT {connections}") as url:
        yield url


@contextmanager
def limited_database(server: PostgresServer, connections: int) -> Iterator[str]:
    """The URL of an empty database that takes this many connections."""
    with _owned_database(server) as url:
        server.execute(f"ALTER DATABASE {_name(url)} CONNECTION LIMIT {connections}")
        yield url


def connections_to(server: PostgresServer, url: str) -> int:
    """How many connections there are to the database now."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE datname ="
    return int(server.execute(f"{counted} '{_name(url)}'"))


def end_sessions(server: PostgresServer, url: str) -> None:
    """End every connection to the database, as a failover does."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
    server.execute(f"{ended} '{_name(url)}'")


@contextmanager
def _owned_database(server: PostgresServer, option: str = "") -> Iterator[str]:
    """A limit holds for no superuser, so the database belongs to a user of its own."""
    role = f"shop_{next(_NUMBERS)}"
    server.execute(f"CREATE ROLE {role} LOGIN {option}")
    try:
        with server.database() as url:
            server.execute(f"ALTER DATABASE {_name(url)} OWNER TO {role}")
            parts = urlsplit(url)
            host = parts.netloc.rpartition("@")[2]
            yield parts._replace(netloc=f"{role}@{host}").geturl()
    finally:
        server.execute(f"DROP ROLE {role}")


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
