"""A pool of connections that waits while PostgreSQL, or a pooler before it, has none left.

It begins without a connection, so that a process that asks nothing holds none.
"""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import asyncpg
from asyncpg.connection import Connection
from asyncpg.protocol import Record

from jvscheduler.history.backends.limits import Limits
from jvscheduler.history.backends.postgresql.url import (
    authority_file,
    driver_url,
    prepares_statements,
)
from jvscheduler.history.waiting import connected, limit_standing_still

_MANY_QUERIES: Final = 50_000
"""asyncpg's own default: a connection is replaced after so many."""
_CONNECT_SECONDS: Final = 3.0
"""The limit for opening a connection: a server that is gone never answers."""
_AT_ONCE: Final = 4
"""How many connections a process opens at once."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_TOO_MANY_CONNECTIONS: Final = "53300"
"""The SQLSTATE for the limits of a server, of a database and of a role."""
_AT_A_POOLER: Final = (
    "no more connections allowed",
    "client connections exceeded",
    "too many clients",
    "too many connections",
)
"""PgBouncer has no SQLSTATE for its limits. The last two it passes on from the server."""


class OwnConnection(Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection whose prepared statements have names that no other one uses.

    asyncpg numbers them from 1 in each process. Behind a pooler in transaction mode, a call could
    else run the statement that another process has prepared under the same number.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._names = secrets.token_hex(8)

    def _get_unique_id(self, prefix: str) -> str:
        return f"{super()._get_unique_id(prefix)}{self._names}"


class PatientPool(asyncpg.Pool):  # type: ignore[misc]  # asyncpg has no types
    """jvspatial's own calls wait too: every connection of a pool is acquired here."""

    def __init__(self, url: str, limits: Limits, options: Mapping[str, Any]) -> None:
        cache = {} if prepares_statements(url) else {"statement_cache_size": 0}
        super().__init__(
            driver_url(url),
            min_size=0,
            max_size=limits.connections,
            max_queries=_MANY_QUERIES,
            max_inactive_connection_lifetime=limits.idle_seconds,
            command_timeout=limits.call_seconds,
            connect=_connect,
            reset=_keep_as_it_is,
            loop=None,
            connection_class=OwnConnection,
            record_class=Record,
            **options,
            **cache,
        )
        self._patience = limits.patience_seconds

    async def _acquire(self, timeout: float | None) -> Any:  # noqa: ASYNC109 - asyncpg's own
        # A failed try gives its place in the pool back. So a call that waits takes a connection
        # that another call of this process has released, before it asks the server again.
        acquire = super()._acquire
        return await connected(lambda: acquire(timeout), is_full, self._patience)


def is_full(error: Exception) -> bool:
    """True when there is no connection left for now."""
    if not isinstance(error, asyncpg.PostgresError):
        return False
    state = str(error.sqlstate or "")
    at_pooler = state.startswith("08") and any(text in str(error) for text in _AT_A_POOLER)
    return state == _TOO_MANY_CONNECTIONS or at_pooler


async def _connect(*arguments: Any, **options: Any) -> Any:
    """Open a connection, or fail soon.

    Without this limit, asyncpg's pool would wait a minute for each connection to a server that
    is gone, and count it among its connections meanwhile.
    """
    # A process that opens hundreds at once would be busy with them. Each would take longer than its
    # limit, and calls that have a connection would wait for theirs.
    turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    with limit_standing_still():
        await turn.acquire()
    try:
        return await asyncpg.connect(*arguments, timeout=_CONNECT_SECONDS, **options)
    except TimeoutError as error:
        # `history.bounded` gives up after a TimeoutError, but repeats after a ConnectionError:
        # the next connection may reach the pod that took over.
        raise ConnectionError(f"no connection in {_CONNECT_SECONDS:g} s") from error
    except FileNotFoundError as error:
        # The error names no file. In a pod, it may come later than the process.
        file = authority_file(str(arguments[0]))
        if file is None or Path(file).exists():  # noqa: ASYNC240 - a look at a local file
            raise
        raise ConnectionError(f"there is no file {file}, which sslrootcert names") from error
    finally:
        turn.release()


async def _keep_as_it_is(_: Any) -> None:
    """asyncpg calls this for a connection that goes back into the pool."""
