"""The databases on which the contract suites of the history run: one line for each backend."""

from typing import Final, NamedTuple

import pytest


class Tested(NamedTuple):
    url_fixture: str
    """The fixture that gives the URL of an empty database."""
    served: bool
    """True when a server holds the database. Then there are connections that may break."""


_TESTED: Final = {
    "sqlite": Tested("sqlite_url", served=False),
    "postgresql": Tested("postgres_url", served=True),
    "mongodb": Tested("mongo_url", served=True),
}
"""By the backend's name in the registry."""

DATABASES: Final = tuple(_TESTED)
SERVED_DATABASES: Final = tuple(name for name, tested in _TESTED.items() if tested.served)


def url_of(request: pytest.FixtureRequest) -> str:
    """The URL of the database that the fixture's parameter names."""
    return str(request.getfixturevalue(_TESTED[request.param].url_fixture))
