"""The chart's PostgreSQL: who may log in, and what an upgrade from 0.1.0 makes of it."""

from collections.abc import Iterator

import pytest

from tests.cluster.errors import CommandError
from tests.cluster.postgres import execute
from tests.support.bundled_postgres import BundledPostgres, a_bundled_postgres

OWNER = "jvscheduler_owner"


@pytest.fixture
def postgres() -> Iterator[BundledPostgres]:
    with a_bundled_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def served() -> Iterator[BundledPostgres]:
    """Prepared in an empty volume, and started."""
    with a_bundled_postgres() as made:
        made.prepare("first")
        made.start()
        yield made


def test_a_new_volume_has_an_owner_that_is_no_superuser(served: BundledPostgres) -> None:
    url = served.url(OWNER, "first")
    asked = "SELECT rolsuper, rolbypassrls, rolreplication, rolcreatedb FROM pg_roles"
    assert execute(url, f"{asked} WHERE rolname = current_user") == "f|f|f|f\n"
    execute(url, "CREATE SCHEMA history; CREATE TABLE history.job (id text)")
    with pytest.raises(CommandError, match=r"permission denied|must be superuser"):
        execute(url, "COPY history.job FROM PROGRAM 'id'")


def test_no_superuser_and_no_other_database_is_reached_by_the_network(
    served: BundledPostgres,
) -> None:
    for url in (
        served.url("postgres", "first"),
        served.url("postgres", "first", "postgres"),
        served.url(OWNER, "first", "postgres"),
        served.url(OWNER, "first", "template1"),
    ):
        with pytest.raises(CommandError, match=r"pg_hba\.conf"):
            execute(url, "SELECT 1")


def test_large_objects_are_nobodys(served: BundledPostgres) -> None:
    with pytest.raises(CommandError, match="permission denied for function lo_create"):
        execute(served.url(OWNER, "first"), "SELECT lo_create(0)")


def test_another_password_replaces_the_first_and_the_history_stays(
    postgres: BundledPostgres,
) -> None:
    postgres.prepare("first")
    postgres.start()
    execute(postgres.url(OWNER, "first"), "CREATE TABLE job AS SELECT 7 AS id")
    postgres.stop()
    postgres.prepare("it's $2 \\ another")
    postgres.start()
    assert execute(postgres.url(OWNER, "it's%20$2%20%5C%20another"), "TABLE job") == "7\n"
    with pytest.raises(CommandError, match="password authentication failed"):
        execute(postgres.url(OWNER, "first"), "SELECT 1")


OF_0_1_0 = """
CREATE TABLE object (id text PRIMARY KEY, number serial);
INSERT INTO object VALUES ('o.ScheduledJob.1');
ALTER ROLE jvscheduler PASSWORD 'known to every task';
CREATE ROLE backdoor SUPERUSER LOGIN PASSWORD 'known'
"""
INTERRUPTED = {
    "not": (),
    "before the renaming": ("CREATE ROLE jvscheduler_setup SUPERUSER LOGIN",),
    "after the renaming": (
        "CREATE ROLE jvscheduler_setup SUPERUSER LOGIN",
        "ALTER ROLE jvscheduler RENAME TO postgres",
    ),
}


@pytest.mark.parametrize("statements", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_after_0_1_0_the_tables_are_the_owners_and_nobody_else_gets_in(
    statements: tuple[str, ...], postgres: BundledPostgres
) -> None:
    """Also when the script was killed in the middle before."""
    postgres.initialise_as_0_1_0()
    for statement in OF_0_1_0.strip().split(";\n"):
        postgres.as_nobody_else(statement)
    renamed = "UPDATE pg_authid SET rolname = 'postgres' WHERE rolname = 'jvscheduler'"
    for statement in statements:
        # In this mode there is only one user, who cannot be renamed by itself.
        postgres.as_nobody_else(renamed if "RENAME" in statement else statement)
    postgres.prepare("first")
    postgres.start()
    url = postgres.url(OWNER, "first")
    assert execute(url, "TABLE object") == "o.ScheduledJob.1|1\n"
    execute(url, "ALTER TABLE object RENAME TO moved; DROP TABLE moved")
    owners = "SELECT count(*) FROM pg_roles WHERE (rolsuper OR rolcanlogin) AND rolname !~ '^pg_'"
    assert execute(url, owners) == "2\n", "the superuser of the Unix socket, and the owner"
    for role, password in (
        ("jvscheduler", "known%20to%20every%20task"),
        ("postgres", "known%20to%20every%20task"),
        ("backdoor", "known"),
    ):
        with pytest.raises(CommandError, match=r"failed|pg_hba\.conf"):
            execute(postgres.url(role, password), "SELECT 1")
