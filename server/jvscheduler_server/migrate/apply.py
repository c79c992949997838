"""Brings a database to this version's tables, functions and roles, in one transaction.

A second migration waits for the first, and then finds nothing to do. It waits for a lock on a
table of ours: an advisory lock could be taken by any task's code, and kept for ever.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import asyncpg

from jvscheduler_server.migrate.rows import Moved, move_rows
from jvscheduler_server.migrate.settings import Login, MigrationSettings

SAFE_CREATEROLE: Final = 160000
"""Before PostgreSQL 16, a role with CREATEROLE may give itself the right to run programs."""
_GROUP: Final = "jvscheduler_namespace"
"""The group of all namespaces' roles. It may connect, and nothing else."""
_TRIES: Final = 5
_FIRST: Final = """
CREATE SCHEMA IF NOT EXISTS jvscheduler;
CREATE TABLE IF NOT EXISTS jvscheduler.schema_version (
    version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
"""
_CLOSE: Final = """
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
REVOKE ALL ON SCHEMA public, jvscheduler FROM PUBLIC;
DO $$ BEGIN
    -- Large objects are nobody's tables: without this, each role may write them.
    REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
        pg_catalog.lo_from_bytea(oid, bytea), pg_catalog.lo_put(oid, bigint, bytea),
        pg_catalog.lowrite(integer, bytea) FROM PUBLIC;
EXCEPTION WHEN insufficient_privilege THEN
    NULL; -- Only a superuser may: the chart's setup of the bundled database is one.
END $$;
GRANT CONNECT ON DATABASE {database} TO {group}, {server}, {operator};
"""
_PARTS: Final = """
GRANT USAGE ON SCHEMA jvscheduler TO {server}, {operator};
GRANT SELECT, DELETE ON jvscheduler.object, jvscheduler.node, jvscheduler.edge TO {server};
GRANT SELECT ON jvscheduler.namespaces, jvscheduler.schema_version TO {server};
GRANT EXECUTE ON FUNCTION jvscheduler.end_sessions(interval) TO {server};
GRANT EXECUTE ON FUNCTION jvscheduler.make_namespace(text, text) TO {operator};
GRANT EXECUTE ON FUNCTION jvscheduler.drop_namespace(text, boolean) TO {operator};
"""


@dataclass(frozen=True)
class Migration:
    version: int
    namespaces: int
    moved: Moved
    is_owner_safe: bool
    """False when the owner's CREATEROLE is as good as a superuser's rights."""
    prepared_transactions: int
    """As many transactions may a task leave, with locks that the end of no session takes away."""


async def migrate(connection: Any, settings: MigrationSettings) -> Migration:
    await _begin(connection)
    async with connection.transaction():
        await connection.execute("LOCK TABLE jvscheduler.schema_version IN ACCESS EXCLUSIVE MODE")
        version = await _upgrade(connection)
        await connection.execute(_text("functions.sql"))
        await _make_roles(connection, settings)
        known = await connection.fetch("SELECT namespace FROM jvscheduler.namespaces")
        for row in known:
            await connection.execute("SELECT jvscheduler.make_tables($1)", row["namespace"])
        moved = await move_rows(connection, settings.give_rest_to)
        count = await connection.fetchval("SELECT count(*) FROM jvscheduler.namespaces")
    is_safe = connection.get_server_version().major * 10000 >= SAFE_CREATEROLE
    prepared = await connection.fetchval("SELECT current_setting('max_prepared_transactions')")
    return Migration(version, count, moved, is_safe, int(prepared))


async def _begin(connection: Any) -> None:
    """Create the table that is locked. Two that do so at once: one of them fails, and repeats."""
    for _ in range(_TRIES - 1):
        try:
            await connection.execute(_FIRST)
        except (asyncpg.UniqueViolationError, asyncpg.DuplicateObjectError):
            continue
        return
    await connection.execute(_FIRST)


async def _upgrade(connection: Any) -> int:
    """Run the versions that the database has not had. Returns the last one."""
    done = await connection.fetchval(
        "SELECT coalesce(max(version), 0) FROM jvscheduler.schema_version"
    )
    last = done
    for number, text in versions():
        if number > done:
            await connection.execute(text)
            await connection.execute(
                "INSERT INTO jvscheduler.schema_version (version) VALUES ($1)", number
            )
            last = number
    return int(last)


def versions() -> Sequence[tuple[int, str]]:
    """The numbered SQL files, in their order."""
    names = (file.name for file in resources.files(__package__).joinpath("sql").iterdir())
    numbered = sorted(name for name in names if re.match(r"[0-9]{4}_", name))
    return [(int(name[:4]), _text(name)) for name in numbered]


def _text(name: str) -> str:
    return resources.files(__package__).joinpath("sql", name).read_text(encoding="utf-8")


async def _make_roles(connection: Any, settings: MigrationSettings) -> None:
    database = await connection.fetchval("SELECT current_database()")
    names = {
        "database": quoted(database),
        "group": quoted(_GROUP),
        "server": quoted(settings.server.role),
        "operator": quoted(settings.operator.role),
    }
    if not await _exists(connection, _GROUP):
        await connection.execute(f"CREATE ROLE {quoted(_GROUP)} NOLOGIN")
    for part, login in (("server", settings.server), ("operator", settings.operator)):
        await _make_role(connection, login)
        await connection.execute(
            "INSERT INTO jvscheduler.parts (part, role) VALUES ($1, $2)"
            " ON CONFLICT (part) DO UPDATE SET role = EXCLUDED.role",
            part,
            login.role,
        )
    await connection.execute(_CLOSE.format(**names))
    await connection.execute(_PARTS.format(**names))


async def _make_role(connection: Any, login: Login) -> None:
    if not await _exists(connection, login.role):
        await connection.execute(f"CREATE ROLE {quoted(login.role)}")
    # The server quotes the password: a statement that defines a role takes no parameters.
    statement = await connection.fetchval(
        "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)",
        login.role,
        login.password,
    )
    await connection.execute(statement)


async def _exists(connection: Any, role: str) -> bool:
    return bool(
        await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role)
    )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
