"""The migration of a PostgreSQL: repeated, at once, from 0.1.0, and the functions that it makes."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from jvscheduler import environment
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler_server.migrate.__main__ import connected
from jvscheduler_server.migrate.apply import migrate
from jvscheduler_server.migrate.rows import Moved
from jvscheduler_server.migrate.settings import read_settings
from tests.cluster.postgres import PostgresServer
from tests.support.history.outcomes import NOON
from tests.support.history.partitioned import PASSWORD, PartitionedDatabase, a_prepared_database
from tests.support.history.running import run_story

HISTORY_OF_0_1_0 = Path(__file__).parents[2] / "support/history/history_of_0_1_0.sql"


@pytest.fixture
def prepared(postgres_server: PostgresServer) -> Iterator[PartitionedDatabase]:
    with a_prepared_database(postgres_server) as made:
        yield made


def test_a_migration_may_be_repeated(prepared: PartitionedDatabase) -> None:
    first = prepared.migrate()
    prepared.make_namespace("shop")
    again = prepared.migrate()
    assert (first.version, first.namespaces) == (1, 0)
    assert (again.version, again.namespaces, again.moved) == (1, 1, Moved())


def test_two_migrations_at_once_make_one(prepared: PartitionedDatabase) -> None:
    settings = read_settings((), prepared.environ)

    async def run() -> None:
        connections = [await asyncpg.connect(settings.admin_url) for _ in range(4)]
        done = await asyncio.gather(*(migrate(each, settings) for each in connections))
        assert [each.version for each in done] == [1] * 4
        for connection in connections:
            await connection.close()

    asyncio.run(run())
    assert prepared.execute("SELECT version FROM jvscheduler.schema_version").split() == ["1"]


def test_the_command_says_what_it_did_and_no_password(prepared: PartitionedDatabase) -> None:
    done = command(prepared.environ)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0].endswith("the history has format 1 and 0 namespaces")
    assert "max_prepared_transactions" not in done.stderr
    prepared.execute(f"ALTER ROLE {urlsplit(prepared.owner).username} NOLOGIN")
    failed = command(prepared.environ)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert ": the database cannot be migrated: " in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert PASSWORD.replace(" ", "%20") not in failed.stderr


def test_the_owner_is_no_superuser_and_what_it_lacks_is_said(
    prepared: PartitionedDatabase,
) -> None:
    owner = urlsplit(prepared.owner).username
    prepared.execute(f"ALTER ROLE {owner} NOCREATEROLE")
    failed = command(prepared.environ)
    assert failed.returncode == 1
    assert "permission denied to create role" in failed.stderr
    prepared.execute(f"ALTER ROLE {owner} CREATEROLE")
    prepared.migrate()
    rights = "SELECT rolsuper, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = "
    assert prepared.execute(f"{rights}'{owner}'").strip() == "f|f|f"


def test_a_new_run_changes_the_passwords_of_server_and_operator(
    prepared: PartitionedDatabase,
) -> None:
    stored = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE '%_{}' ORDER BY 1"
    prepared.migrate()
    before = prepared.execute(stored.format(prepared.suffix))
    prepared.migrate()
    after = prepared.execute(stored.format(prepared.suffix))
    changed = [a != b for a, b in zip(before.split(), after.split(), strict=True)]
    assert changed == [True, False, True], "operator, owner, server: a new salt"


def test_every_role_has_the_rights_that_are_listed_and_no_other(
    prepared: PartitionedDatabase,
) -> None:
    prepared.migrate()
    prepared.make_namespace("shop")
    text = """
        SELECT grantee, string_agg(DISTINCT table_schema || ' ' || privilege_type, ', '
            ORDER BY table_schema || ' ' || privilege_type)
        FROM information_schema.role_table_grants
        WHERE table_schema IN ('jvscheduler', 'ns_shop', 'public') AND grantee NOT LIKE 'owner%'
        GROUP BY 1 ORDER BY 1
    """
    rights = "ns_shop DELETE, ns_shop INSERT, ns_shop SELECT, ns_shop UPDATE"
    assert prepared.execute(text).splitlines() == [
        f"ns_shop|{rights}",
        f"server_{prepared.suffix}|jvscheduler DELETE, jvscheduler SELECT, {rights}",
    ]


def test_the_history_of_0_1_0_is_moved_to_its_namespaces_and_no_row_is_lost(
    prepared: PartitionedDatabase,
) -> None:
    prepared.as_script(prepared.owner, HISTORY_OF_0_1_0.read_text())
    first = prepared.migrate()
    assert first.moved == Moved(rows=2, left=4)
    assert prepared.migrate().moved == Moved(rows=0, left=4)

    async def story(store: HistoryStore) -> None:
        found = (await store.recent(NOON.replace(hour=0), None, 10)).jobs
        assert {job.namespace for job in found} == {"shop", "farm-two"}

    run_story(lambda: open_store(prepared.server), story)
    given = prepared.migrate("--give-rest-to", "shop")
    assert given.moved == Moved(rows=4, left=0)
    url = prepared.make_namespace("shop")
    names = "SELECT id FROM {} WHERE entity IN ('Product', 'Node', 'Edge')"
    assert prepared.as_role(url, names.format("ns_shop.object")) == [("o.Product.tea",)]
    assert len(prepared.as_role(url, names.format("ns_shop.node"))) == 2
    assert len(prepared.as_role(url, names.format("ns_shop.edge"))) == 1


def test_a_history_of_0_1_0_with_one_namespace_goes_there_as_a_whole(
    prepared: PartitionedDatabase,
) -> None:
    prepared.as_script(prepared.owner, HISTORY_OF_0_1_0.read_text())
    prepared.as_script(
        prepared.owner,
        "DELETE FROM public.object WHERE data #>> '{context,namespace}' = 'farm-two'",
    )
    assert prepared.migrate().moved == Moved(rows=5, left=0)


def test_a_row_that_may_not_stand_in_a_partition_stays_where_it_is(
    prepared: PartitionedDatabase,
) -> None:
    prepared.as_script(prepared.owner, HISTORY_OF_0_1_0.read_text())
    prepared.as_script(
        prepared.owner,
        "UPDATE public.object SET id = 'o.ScheduledJob.moved' WHERE data @> "
        """'{"context": {"namespace": "shop"}}'""",
    )
    assert prepared.migrate().moved == Moved(rows=1, left=5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({environment.DATABASE_ADMIN_URL: ""}, "DATABASE_ADMIN_URL is not set"),
        ({environment.DATABASE_URL: "sqlite:///x.db"}, "DATABASE_URL must have the form"),
        ({environment.DATABASE_URL: "mongodb://x/jobs"}, "set database.isolation=none"),
        ({environment.DATABASE_URL: "postgresql://a:b@h/other"}, "name different databases"),
        ({environment.DATABASE_URL: "postgresql://owner:b@h/db"}, "a role and a password of its"),
        ({environment.DATABASE_URL: "postgresql://server@h/db"}, "a role and a password of its"),
        ({environment.DATABASE_URL: "postgresql://operator:b@h/db"}, "have the same role"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, str], message: str) -> None:
    urls = {
        environment.DATABASE_ADMIN_URL: "postgresql://owner:secret@h/db",
        environment.DATABASE_URL: "postgresql://server:secret@h/db?schema=jvscheduler",
        environment.OPERATOR_DATABASE_URL: "postgresql://operator:secret@h/db",
    }
    done = command({**urls, **changes})
    assert done.returncode == os.EX_CONFIG
    assert message in done.stderr
    assert "secret" not in done.stderr
    assert command(urls, "--give-to", "shop").returncode == os.EX_CONFIG


def command(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jvscheduler_server.migrate", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_database_that_starts_is_waited_for_and_no_longer_than_that() -> None:
    tries = iter([ConnectionRefusedError("not yet"), asyncpg.CannotConnectNowError("starting")])

    async def connect() -> str:
        for error in tries:
            raise error
        return "connected"

    async def refused() -> str:
        raise ConnectionRefusedError("never")

    assert asyncio.run(connected(connect, patience=60, pause=0)) == "connected"
    with pytest.raises(ConnectionRefusedError, match="never"):
        asyncio.run(connected(refused, patience=0, pause=1))
