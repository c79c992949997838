"""Makes namespaces' roles in PostgreSQL, as a role that may call two functions and nothing else.

A call has a connection of its own. The operator calls seldom, and an idle connection would
be one of those that task pods need.
"""

import asyncio
from typing import Final

import asyncpg

from jvscheduler import names
from jvscheduler_operator.database.roles import RoleNotMade

_SECONDS: Final = 15.0
"""For one call. Making the tables of a new namespace takes a part of a second."""

_MAKE: Final = "SELECT jvscheduler.make_namespace($1, $2)"

_NOT_PREPARED: Final = ("3F000", "42883", "42501")
"""SQLSTATEs: there is no schema, no function, or no right to call it."""

_LOGIN: Final = "28"
"""The first characters of an SQLSTATE: the role or its password is refused."""

_BUSY: Final = ("08", "53", "57")
"""The first characters of SQLSTATEs: it starts, ends, or has no connection left."""


class PostgresRoles:
    def __init__(self, url: str) -> None:
        self._url = url

    async def make(self, namespace: str, password: str) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                role = await self._call(namespace, password)
        except asyncpg.PostgresError as error:
            raise RoleNotMade(_refusal(error)) from error
        except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
            kind = type(error).__name__
            raise RoleNotMade(f"the database cannot be reached ({kind})") from error
        if role != names.namespace_role(namespace):
            raise RoleNotMade(
                "the database names the namespace's role in another way than the operator: "
                "operator and server must have the same version"
            )

    async def _call(self, namespace: str, password: str) -> str:
        # No cached statements: a pooler may give the next statement to another connection.
        connection = await asyncpg.connect(self._url, statement_cache_size=0)
        try:
            return str(await connection.fetchval(_MAKE, namespace, password))
        finally:
            # Without a word to the server, which may not answer any more.
            connection.terminate()


def _refusal(error: asyncpg.PostgresError) -> str:
    """Without the driver's text, which may hold a part of the statement."""
    state = str(error.sqlstate)
    if state in _NOT_PREPARED:
        return (
            "the database is not prepared for namespaces with roles of their own: "
            "run `python -m jvscheduler_server.migrate`, as the server's pod does at its start"
        )
    if state.startswith(_LOGIN):
        return f"the database refuses the operator's user or password (SQLSTATE {state})"
    if state.startswith(_BUSY):
        return f"the database cannot serve now (SQLSTATE {state})"
    return f"the database refuses (SQLSTATE {state})"
