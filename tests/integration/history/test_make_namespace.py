"""The two functions by which the operator makes a namespace in PostgreSQL, and drops it."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from jvscheduler.history.backends.postgresql.url import driver_url
from jvscheduler.history.store.database import open_store
from jvscheduler.names import namespace_role
from tests.cluster.postgres import PostgresServer
from tests.support.history.outcomes import completed, of_job
from tests.support.history.partitioned import PASSWORD, PartitionedDatabase, a_prepared_database
from tests.support.history.running import run_story

STRUCTURE = """
    SELECT c.relname, a.attname, a.atttypid::regtype::text, a.attnotnull, a.attgenerated::text
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
    ORDER BY 1, 2
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = $1"


@pytest.fixture
def prepared(postgres_server: PostgresServer) -> Iterator[PartitionedDatabase]:
    with a_prepared_database(postgres_server) as made:
        yield made


def test_a_namespaces_tables_are_those_of_a_plain_history(
    prepared: PartitionedDatabase, postgres_url: str
) -> None:
    async def plain() -> None:
        store = open_store(postgres_url)
        await store.open()
        await store.close()

    asyncio.run(plain())
    prepared.migrate()
    prepared.make_namespace("shop")
    theirs: dict[object, object] = dict(
        prepared.as_role(prepared.superuser, INDEXES, "ns_shop")  # type: ignore[arg-type]
    )
    ours = prepared.as_role(postgres_url, INDEXES, "public")
    assert {name: str(text).replace("public.", "ns_shop.") for name, text in ours} == {
        name: text for name, text in theirs.items() if str(name).startswith("object_")
    }
    columns = prepared.as_role(prepared.superuser, STRUCTURE, "ns_shop")
    assert [row for row in columns if row[0] == "object" and row[1] != "namespace"] == (
        prepared.as_role(postgres_url, STRUCTURE, "public")
    )
    assert [
        row
        for row in prepared.as_role(prepared.superuser, STRUCTURE, "jvscheduler")
        if row[0] in ("object", "node", "edge")
    ] == columns


@pytest.mark.parametrize("namespace", ["a", "my-shop", "x" * 57, "x" * 58, "a-" * 31 + "b", "1"])
def test_the_database_and_the_operator_give_a_namespace_the_same_role(
    prepared: PartitionedDatabase, namespace: str
) -> None:
    prepared.migrate()
    role = urlsplit(prepared.make_namespace(namespace)).username
    assert role == namespace_role(namespace)


def test_names_that_are_no_namespaces_are_refused(prepared: PartitionedDatabase) -> None:
    prepared.migrate()
    for name in ("", "Shop", "a_b", "x" * 64, "-a", "a-", "a.b", "a'b", 'a"b', "a\nb", "ä"):
        with pytest.raises(asyncpg.InvalidParameterValueError, match="is a DNS label, not"):
            prepared.make_namespace(name)
    with pytest.raises(asyncpg.InvalidParameterValueError):
        prepared.as_role(prepared.operator, "SELECT jvscheduler.make_namespace(NULL, $1)", PASSWORD)
    with pytest.raises(asyncpg.InvalidPasswordError, match="at least 16 characters"):
        prepared.as_role(prepared.operator, "SELECT jvscheduler.make_namespace('shop', '')")


def test_many_calls_for_namespaces_at_once_make_each_one(prepared: PartitionedDatabase) -> None:
    prepared.migrate()
    names = ["one", "two", "three"]

    async def make(name: str) -> str:
        connection = await asyncpg.connect(driver_url(prepared.operator))
        try:
            text = "SELECT jvscheduler.make_namespace($1, $2)"
            return str(await connection.fetchval(text, name, PASSWORD))
        finally:
            await connection.close()

    async def run() -> list[str]:
        return await asyncio.gather(*(make(name) for name in names * 4))

    made = asyncio.run(run())
    prepared.roles += sorted(set(made))
    assert made == [f"ns_{name}" for name in names] * 4


def test_a_role_that_is_not_of_this_database_keeps_its_password(
    prepared: PartitionedDatabase,
) -> None:
    prepared.migrate()
    prepared.execute("CREATE ROLE ns_taken LOGIN")
    prepared.roles.append("ns_taken")
    with pytest.raises(asyncpg.DuplicateObjectError, match="was not made for this database"):
        prepared.make_namespace("taken")


def test_a_dropped_namespace_keeps_its_history_until_told_otherwise(
    prepared: PartitionedDatabase,
) -> None:
    prepared.migrate()
    url = prepared.make_namespace("shop")
    run_story(lambda: open_store(url), lambda store: store.record(completed(of_job(0))))
    held = "SELECT count(*) FROM jvscheduler.object"
    drop = "SELECT jvscheduler.drop_namespace('shop'{})"
    for _ in range(2):
        prepared.as_role(prepared.operator, drop.format(""))
        assert prepared.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'ns_shop'") == "0\n"
        assert prepared.execute(held) == "1\n"
    prepared.make_namespace("shop")
    prepared.as_role(prepared.operator, drop.format(", delete_history => true"))
    prepared.roles.remove("ns_shop")
    assert prepared.execute(held) == "0\n"
    assert prepared.execute("SELECT to_regnamespace('ns_shop') IS NULL") == "t\n"
