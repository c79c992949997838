"""Refuses options of a server's database that jvspatial takes and does not read.

With one of them, the server would use another database than the user meant: an empty one, or
one on this machine, for which it waits a minute.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from jvspatial.api.config_groups import DatabaseConfig
from pydantic import BaseModel

from jvscheduler.errors import InvalidSettings

_OUTSIDE: Final = ("db_type", "db_path", "db_path_resolve")
"""jvspatial reads these as options of the server too, and all others only in `database`."""

_VARIABLES: Final = {
    "db_path": "JVSPATIAL_DB_PATH",
    "db_connection_string": "JVSPATIAL_MONGODB_URI",
    "db_database_name": "JVSPATIAL_MONGODB_DB_NAME",
    "postgres_dsn": "JVSPATIAL_POSTGRES_DSN",
}
"""jvspatial's variables, which set the same options."""

_READ: Final = {
    "sqlite": ("db_path", "db_path_resolve"),
    "mongodb": ("db_connection_string", "db_database_name"),
    "postgres": (
        "postgres_dsn",
        "postgres_min_pool_size",
        "postgres_max_pool_size",
        "postgres_pooler_mode",
    ),
}
"""The options that each kind of database reads. The first one names the database."""


def check_options(given: Mapping[str, Any], database: DatabaseConfig) -> None:
    """Raises InvalidSettings, which names the option and the fix, and never an option's value.

    `given` are the options in the server's call. `database` is what jvspatial made of them and of
    its variables.
    """
    problem = _outside(given) or _without_type(database) or _of_another_type(given, database)
    problem = problem or _name_in_url(database)
    if problem is not None:
        raise InvalidSettings(problem)


def _outside(given: Mapping[str, Any]) -> str | None:
    names = [name for name in DatabaseConfig.model_fields if name in given]
    ignored = [name for name in names if name not in _OUTSIDE]
    if not ignored:
        return None
    kind = _kind_of(ignored[0])
    return (
        f"jvspatial's Server ignores {', '.join(ignored)} outside of database: "
        f"write Server(database={{'db_type': '{kind}', '{ignored[0]}': …}})"
    )


def _without_type(database: DatabaseConfig) -> str | None:
    named = [name for name in _VARIABLES if getattr(database, name) is not None]
    if database.db_type or not named:
        return None
    return (
        f"{named[0]} of the server ({_VARIABLES[named[0]]} in the environment) has no effect "
        f"without db_type: add db_type='{_kind_of(named[0])}', or leave it out"
    )


def _of_another_type(given: Mapping[str, Any], database: DatabaseConfig) -> str | None:
    kind = "postgres" if database.db_type == "postgresql" else str(database.db_type)
    own = _READ.get(kind, ())
    others = {name for names in _READ.values() for name in names if name not in own}
    wrong = sorted(_in_code(given) & others)
    # Where the type is none of ours, the database itself is refused, with what is possible.
    if not own or not wrong:
        return None
    return f"db_type='{database.db_type}' does not read {wrong[0]}: give {own[0]} instead"


def _name_in_url(database: DatabaseConfig) -> str | None:
    if database.db_type != "mongodb" or database.db_database_name:
        return None
    name = urlsplit(database.db_connection_string or "").path.strip("/")
    if not name:
        return None
    return (
        "jvspatial ignores the database's name in db_connection_string: give db_database_name too"
    )


def _in_code(given: Mapping[str, Any]) -> set[str]:
    inside = given.get("database") or {}
    # A model also has the fields that nobody gave.
    fields = inside.model_dump(exclude_none=True) if isinstance(inside, BaseModel) else inside
    return {name for name, value in {**given, **fields}.items() if value is not None}


def _kind_of(option: str) -> str:
    # An option of DynamoDB names a database that can hold no history: the message about that
    # database says what can.
    return next((kind for kind, names in _READ.items() if option in names), "dynamodb")
