"""`python -m jvscheduler_server.migrate`."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeVar

import asyncpg

from jvscheduler import environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.logs.settings import read_log_settings
from jvscheduler.logs.setup import log_end, log_lines
from jvscheduler_server.migrate.apply import Migration, migrate
from jvscheduler_server.migrate.settings import ADOPT, MigrationSettings, read_settings

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

_CONNECT_SECONDS: Final = 10
_PATIENCE_SECONDS: Final = 60.0
"""At an installation the database starts at the same time. A container that exits is started again
after a pause that doubles."""
_AWAY: Final = (OSError, TimeoutError, asyncpg.CannotConnectNowError)


def main(arguments: Sequence[str]) -> int:
    try:
        log_lines(read_log_settings())
        done = asyncio.run(_run(read_settings(arguments)))
    except InvalidSettings as error:
        log_end(error)
        return os.EX_CONFIG
    except (*_AWAY, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        _log.error("the database cannot be migrated: %s", reason)
        return 1
    for level, text in report(done):
        _log.log(level, "%s", text)
    return 0


def report(done: Migration) -> Iterator[tuple[int, str]]:
    """Yield lines of the log, each with its level."""
    yield (
        logging.INFO,
        f"the history has format {done.version} and {done.namespaces} namespaces",
    )
    if done.moved.rows:
        yield logging.INFO, f"moved {done.moved.rows} rows of 0.1.0 to their namespaces"
    if done.moved.left:
        yield (
            logging.WARNING,
            f"{done.moved.left} rows of 0.1.0 do not tell their namespace, and are still "
            f"in the schema public; {ADOPT} NAMESPACE moves them",
        )
    if not done.is_owner_safe:
        yield (
            logging.WARNING,
            "before PostgreSQL 16, the role of "
            f"{environment.DATABASE_ADMIN_URL} is as good as a superuser; use 16 or newer",
        )
    if done.prepared_transactions:
        yield (
            logging.WARNING,
            f"max_prepared_transactions is {done.prepared_transactions}: a task can leave "
            "prepared transactions, whose locks outlast its sessions; set it to 0",
        )


async def _run(settings: MigrationSettings) -> Migration:
    connection = await connected(
        lambda: asyncpg.connect(settings.admin_url, timeout=_CONNECT_SECONDS), _PATIENCE_SECONDS
    )
    try:
        return await migrate(connection, settings)
    finally:
        await connection.close()


async def connected(connect: Callable[[], Awaitable[T]], patience: float, pause: float = 1.0) -> T:
    """The connection, as soon as the database takes one. Raises the last error."""
    end = time.monotonic() + patience
    while True:
        try:
            return await connect()
        except _AWAY:
            if time.monotonic() + pause > end:
                raise
            await asyncio.sleep(pause)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
