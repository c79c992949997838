"""The databases on which the contract suites of the history run: one line for each backend."""

from typing import Final

import pytest

URL_FIXTURES: Final = {
    "sqlite": "sqlite_url",
    "postgresql": "postgres_url",
    "mongodb": "mongo_url",
}
"""By the backend's name in the registry: the fixture that gives the URL of an empty database."""

DATABASES: Final = tuple(URL_FIXTURES)
SERVED_DATABASES: Final = tuple(name for name in DATABASES if name != "sqlite")
"""Those that a server holds, to which there are connections that may break."""


def url_of(request: pytest.FixtureRequest) -> str:
    """The URL of the database that the fixture's parameter names."""
    return str(request.getfixturevalue(URL_FIXTURES[request.param]))
