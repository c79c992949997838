"""One database for the server's entities and for the history.

Tasks run in processes of their own, where jvspatial's default database is the
history's. If the server used another, what a task stores its endpoints would
never see; so the history is where the server's database is, and a server that
names none takes the history's.
"""

from typing import Any, Final

from jvspatial.core.context import GraphContext, get_default_context
from jvspatial.db.manager import get_database_manager

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.registry import backend_of, entry_of, innermost
from jvscheduler.history.entities.binding import bind
from jvscheduler.history.urls import parse_url

DEFAULT: Final = "sqlite:///jvscheduler.db"
"""As for `jvscheduler dev`."""


def adopted(url: str) -> GraphContext:
    """The context on the history's database, made the process's default."""
    database = bind(url)
    get_database_manager().set_prime_database(database)
    return get_default_context()


def url_of(database: Any) -> str:
    """Raises InvalidSettings for a database that holds no history."""
    inner = innermost(database)
    url = backend_of(inner).url_of(inner)
    if url is None:
        raise InvalidSettings(
            f"the scheduler keeps its history in the server's database, and {_name(inner)} "
            "cannot hold it: give the server db_type='sqlite' with a db_path, "
            "db_type='postgres' or 'mongodb', or leave db_type out and set "
            f"{environment.DATABASE_URL}"
        )
    return url


def check_same(own: str, given: str | None) -> None:
    """Raises InvalidSettings when the environment names another database than the server's."""
    if given is None or parse_url(own).identity == parse_url(given).identity:
        return
    raise InvalidSettings(
        f"{environment.DATABASE_URL} is {parse_url(given).redacted} and the server's database is "
        f"{parse_url(own).redacted}: the scheduler and its tasks use one, so unset the variable "
        "or leave db_type out"
    )


async def close(context: Any) -> None:
    """jvspatial's base class does not have it, each database that holds a history does."""
    await context.database.close()


def _name(database: Any) -> str:
    return "one in memory" if entry_of(database) else type(database).__name__
