"""The migration's settings: three addresses of one database, from the environment."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.history.backends.postgresql.url import driver_url
from jvscheduler.history.urls import parse_url

ADOPT: Final = "--give-rest-to"
_FORM: Final = "postgresql://role:password@host:5432/database"


@dataclass(frozen=True)
class Login:
    role: str
    password: str


@dataclass(frozen=True)
class MigrationSettings:
    admin_url: str
    """As the driver reads it."""
    server: Login
    operator: Login
    give_rest_to: str | None = None
    """The namespace that gets the rows of 0.1.0 that tell no namespace."""


def read_settings(
    arguments: Sequence[str], environ: Mapping[str, str] = os.environ
) -> MigrationSettings:
    """Raises InvalidSettings, which names the variable and never a password."""
    admin = _url(environ, environment.DATABASE_ADMIN_URL)
    logins = {
        name: _login(name, _url(environ, name), admin)
        for name in (environment.DATABASE_URL, environment.OPERATOR_DATABASE_URL)
    }
    server, operator = logins.values()
    if server.role == operator.role:
        raise InvalidSettings(
            f"{environment.DATABASE_URL} and {environment.OPERATOR_DATABASE_URL} have the same "
            "role: the server and the operator need one each"
        )
    return MigrationSettings(driver_url(admin.geturl()), server, operator, _give_rest_to(arguments))


def _url(environ: Mapping[str, str], name: str) -> SplitResult:
    text = environ.get(name)
    if not text:
        raise InvalidSettings(f"{name} is not set; it is an address such as {_FORM}")
    url = parse_url(text)
    parts = urlsplit(url.text)
    if url.backend != "postgresql" or not (parts.username and parts.hostname):
        raise InvalidSettings(
            f"{name} must have the form {_FORM}: only PostgreSQL has a role for each namespace. "
            "For another database, set database.isolation=none in the chart"
        )
    return parts


def _login(name: str, parts: SplitResult, admin: SplitResult) -> Login:
    if parts.path != admin.path:
        raise InvalidSettings(
            f"{name} and {environment.DATABASE_ADMIN_URL} name different databases"
        )
    if parts.username == admin.username or not parts.password:
        raise InvalidSettings(
            f"{name} needs a role and a password of its own, other than "
            f"{environment.DATABASE_ADMIN_URL} has: the migration makes the role"
        )
    return Login(unquote(parts.username or ""), unquote(parts.password))


def _give_rest_to(arguments: Sequence[str]) -> str | None:
    if not arguments:
        return None
    if len(arguments) != 2 or arguments[0] != ADOPT:
        raise InvalidSettings(f"the only option is {ADOPT} NAMESPACE")
    return arguments[1]
