"""The server's guard against sessions of namespaces that hold up everybody else.

A namespace's role may lock its own tables, and the server reads the tables of all. A role may also
keep a transaction open, and PostgreSQL removes no dead row that it could see. No setting prevents
that: a session may reset its own limits.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from jvscheduler.history.backends.registry import backend_of, open_database
from jvscheduler.history.bounded import CALL_SECONDS, BoundedCalls
from jvscheduler.history.urls import parse_url

LONGEST: Final = timedelta(minutes=10)
"""A transaction of a namespace's role may take so long. A pool's statement takes a minute."""


class SessionGuard:
    def __init__(self, database: Any, name: str) -> None:
        backend = backend_of(database)
        self._database = database
        self._calls = BoundedCalls(name, CALL_SECONDS, backend.failures, backend.describe)

    async def end_sessions(self) -> Sequence[str]:
        """End such sessions. Returns their roles, one for each. Raises HistoryUnavailable."""
        return await self._calls.run(lambda: self._database.end_sessions(LONGEST))

    async def close(self) -> None:
        await self._calls.run(self._database.close)


def open_session_guard(url: str) -> SessionGuard | None:
    """The guard of the server's history; None for one that has no roles for namespaces.

    It has a connection of its own: those of the store may all wait for a lock.
    """
    address = parse_url(url)
    if not address.holds_namespaces:
        return None
    database = open_database(address, connections=1, timeout=CALL_SECONDS)
    return SessionGuard(database, address.redacted)
