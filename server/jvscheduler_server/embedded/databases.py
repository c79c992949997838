"""One database for the server's entities and for the history.

A task runs in a process of its own, where jvspatial's default database is the history's. If the
server used another one, its endpoints would never see what a task stores. So the history is
kept in the server's database. A server that names none uses the history's.
"""

from typing import Any, Final

from jvspatial.core.context import GraphContext, get_default_context
from jvspatial.db.manager import get_database_manager

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.limits import IDLE_SECONDS
from jvscheduler.history.backends.registry import BACKENDS, backend_of, entry_of, innermost
from jvscheduler.history.entities.binding import bind
from jvscheduler.history.urls import check_folder, parse_url

DEFAULT: Final = "sqlite:///jvscheduler.db"
"""The default of `jvscheduler dev` too."""


def open_as_default(url: str) -> GraphContext:
    """Open the database, make it this process's default, and return its context."""
    check_folder(url)
    database = bind(url, idle=IDLE_SECONDS)  # a server lives long, and answers often
    get_database_manager().set_prime_database(database)
    return get_default_context()


def url_of(database: Any) -> str:
    """Return the URL by which the history opens the same database.

    Raises InvalidSettings for a database that cannot hold a history.
    """
    inner = innermost(database)
    url = backend_of(inner).url_of(inner)
    if url is None:
        raise InvalidSettings(
            f"the scheduler keeps its history in the server's database, and {_name(inner)} "
            f"cannot hold it: give the server {', '.join(e.server_options for e in BACKENDS)}, "
            f"or leave db_type out and set {environment.DATABASE_URL}"
        )
    return url


def check_same(own: str, named: str | None) -> None:
    """Raises InvalidSettings when the environment names a database other than the server's."""
    if named is None or parse_url(own).is_database_of(parse_url(named)):
        return
    raise InvalidSettings(
        f"{environment.DATABASE_URL} is {parse_url(named).redacted} and the server's database is "
        f"{parse_url(own).redacted}: the scheduler and its tasks use one, so unset the variable "
        "or leave db_type out"
    )


async def close(context: Any) -> None:
    """Close the server's database."""
    # Every database that can hold a history has `close`; jvspatial's base class has not.
    await context.database.close()


def _name(database: Any) -> str:
    return "one in memory" if entry_of(database) else type(database).__name__
