"""The role of a namespace against the others: it reads, changes and hinders nothing of theirs."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from jvscheduler.history.backends.postgresql.url import driver_url
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.guard import open_session_guard
from jvscheduler.outcomes import Outcome, Status
from tests.cluster.postgres import PostgresServer
from tests.support.history.attempts_on_tenants import ATTEMPTS, Attempt
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.partitioned import PASSWORD, PartitionedDatabase, a_partitioned_database

THEIRS = {"namespace": "other"}
SECRET = "the victim's own secret"  # noqa: S105 - of a test
NEXT = of_job(7, **THEIRS)
LIMIT = 40
FORGET = "DELETE FROM jvscheduler.object WHERE id = "
TAKE_LOCKS = """
    SELECT pg_advisory_lock(hashtext(a), hashtext(b))
    FROM (VALUES ('public'), ('jvscheduler'), ('ns_other')) AS s(a), (VALUES ('object')) AS c(b)
"""
STORED = "SELECT rolpassword, rolconnlimit, rolcanlogin FROM pg_authid WHERE rolname = 'ns_shop'"


@pytest.fixture(scope="module")
def partitioned(postgres_server: PostgresServer) -> Iterator[PartitionedDatabase]:
    with a_partitioned_database(postgres_server) as made:
        yield made


@pytest.fixture(scope="module")
def urls(partitioned: PartitionedDatabase) -> dict[str, str]:
    return {name: partitioned.make_namespace(name) for name in ("shop", "other")}


@pytest.fixture(autouse=True)
def rows(partitioned: PartitionedDatabase, urls: dict[str, str]) -> Iterator[None]:
    """Both have a record. Afterwards the victim's next job runs, and the server sees it."""

    async def story() -> None:
        for name, url in urls.items():
            store = open_store(url)
            await store.record(completed(of_job(0, namespace=name), result=SECRET))
            await store.close()

    partitioned.execute("TRUNCATE jvscheduler.object, jvscheduler.node, jvscheduler.edge")
    asyncio.run(story())
    before = of_the_victim(partitioned)
    yield
    assert of_the_victim(partitioned) == before
    asyncio.run(the_next_job_runs(partitioned, urls["other"], NEXT))


def of_the_victim(partitioned: PartitionedDatabase) -> str:
    return partitioned.execute(
        "SELECT tableoid::regclass, * FROM jvscheduler.object WHERE namespace = 'other'"
    )


async def the_next_job_runs(partitioned: PartitionedDatabase, url: str, job: Outcome) -> None:
    store, server = open_store(url), open_store(partitioned.server)
    assert await store.claim(job) is not None
    await store.record(completed(job))
    (seen,) = [j for j in (await server.recent(NOON, None, 100)).jobs if j.id == job.job_id]
    assert (seen.namespace, seen.status) == ("other", Status.COMPLETED)
    await store.close()
    await server.close()


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_an_attempt_fails(
    attempt: Attempt, partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    owner, server = (str(urlsplit(u).username) for u in (partitioned.owner, partitioned.server))
    sql = attempt.sql.format(id=NEXT.job_id, owner=owner, server=server, database=partitioned.name)

    async def run() -> None:
        watched = await asyncpg.connect(driver_url(partitioned.server))
        async with connected(urls["shop"]) as connection:
            if attempt.refused:
                with pytest.raises(asyncpg.PostgresError) as raised:
                    await connection.execute(sql)
                assert raised.value.sqlstate in attempt.refused, str(raised.value)
                assert SECRET not in f"{raised.value} {raised.value.as_dict()}" or (
                    "ns_shop" in sql
                ), "what it shows may only be its own row"
            else:
                assert await connection.fetch(sql) == []
        assert await watched.fetchval("SELECT 1") == 1
        await watched.close()

    asyncio.run(run())


def test_a_forged_row_in_the_own_table_hides_nothing_of_another(
    partitioned: PartitionedDatabase, urls: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """The id of the victim's next job, in the attacker's table: its namespace must be its own."""

    async def story() -> None:
        attacker = open_store(urls["shop"])
        assert await attacker.claim(of_job(7, job_id=NEXT.job_id)) is not None
        await attacker.close()
        server = open_store(partitioned.server)
        assert await server.unfinished() == []
        victim = open_store(urls["other"])
        assert await victim.claim(NEXT) is not None
        assert [job.namespace for job in await server.unfinished()] == ["other"]
        await server.record(completed(NEXT))
        (job,) = [
            j for j in (await server.recent(NOON, Status.COMPLETED, 9)).jobs if j.id == NEXT.job_id
        ]
        assert job.namespace == "other"
        await victim.close()
        await server.close()
        partitioned.execute(f"{FORGET}'{NEXT.job_id}'")

    asyncio.run(story())
    assert "is of no job there" in caplog.text


def test_a_namespaces_connections_are_limited_and_leave_room_for_others(
    partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(LIMIT):
                await stack.enter_async_context(connected(urls["shop"]))
            with pytest.raises(asyncpg.TooManyConnectionsError):
                await asyncpg.connect(driver_url(urls["shop"]))
            job = of_job(8, **THEIRS)
            await the_next_job_runs(partitioned, urls["other"], job)
            partitioned.execute(f"{FORGET}'{job.job_id}'")

    asyncio.run(story())


def test_advisory_locks_of_a_namespace_hinder_nobody(
    partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    """jvspatial would take such a lock for each table, by a key that everybody can compute."""

    async def story() -> None:
        async with connected(urls["shop"]) as connection:
            await connection.fetch(TAKE_LOCKS)
            await asyncio.to_thread(partitioned.migrate)
            await asyncio.to_thread(partitioned.make_namespace, "other")
            store = open_store(urls["other"])
            await store.open()
            await store.close()

    asyncio.run(story())


def test_locks_on_the_own_tables_hold_the_server_up_for_seconds_only(
    partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    async def story() -> None:
        guard = open_session_guard(partitioned.server)
        assert guard is not None
        server = open_store(partitioned.server)
        async with connected(urls["shop"]) as connection:
            await connection.execute("BEGIN; LOCK TABLE ns_shop.object IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(server.unfinished())
            ended: list[str] = []
            while not reading.done():
                ended += await guard.end_sessions()
                await asyncio.sleep(0.1)
            assert await reading == []
            assert ended == ["ns_shop"]
            assert connection.is_closed()
        await server.close()
        await guard.close()

    asyncio.run(story())


def test_a_session_whose_transaction_is_too_old_is_ended(
    partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    """It would keep PostgreSQL from removing anybody's dead rows."""

    async def story() -> None:
        async with connected(urls["shop"]) as connection, connected(urls["other"]) as other:
            await connection.execute("SET idle_in_transaction_session_timeout = 0; BEGIN")
            await connection.execute("SELECT 1 FROM ns_shop.object")
            text = "SELECT jvscheduler.end_sessions(interval '{}')"
            server = await asyncpg.connect(driver_url(partitioned.server))
            assert await server.fetch(text.format("10 minutes")) == []
            ended = await server.fetch(text.format("0"))
            assert [row[0] for row in ended] == ["ns_shop"]
            assert await other.fetchval("SELECT 1") == 1
            await server.close()

    asyncio.run(story())


def test_a_namespace_that_changes_its_password_and_settings_gets_them_back(
    partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    settings = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'ns_shop'::regrole"
    before = partitioned.execute(settings)

    async def change() -> None:
        async with connected(urls["shop"]) as connection:
            await connection.execute("ALTER ROLE ns_shop PASSWORD 'mine'")
            await connection.execute("ALTER ROLE ns_shop SET search_path = pg_temp")

    first = partitioned.execute(STORED)
    asyncio.run(change())
    changed = partitioned.execute(STORED)
    partitioned.make_namespace("shop")
    repaired = partitioned.execute(STORED)
    assert len({first, changed, repaired}) == 3
    assert repaired.split("|")[1:] == [str(LIMIT), "t\n"]
    assert partitioned.execute(settings) == before


def test_a_notice_reaches_nobody_of_ours_and_no_secret(
    partitioned: PartitionedDatabase, urls: dict[str, str]
) -> None:
    """Channels are open to all roles, and nothing of ours listens on one."""

    async def story() -> None:
        async with connected(urls["shop"]) as connection:
            await connection.execute("LISTEN everything; NOTIFY everything, 'x'")
            text = "SELECT pg_listening_channels()"
            async with connected(partitioned.server) as server, connected(urls["other"]) as other:
                assert await server.fetch(text) == await other.fetch(text) == []

    asyncio.run(story())


def test_the_search_path_of_a_caller_is_not_that_of_our_functions(
    partitioned: PartitionedDatabase,
) -> None:
    """The operator's own schema, were it to have one, would come first otherwise."""
    operator = urlsplit(partitioned.operator).username
    partitioned.execute(f"CREATE SCHEMA evil AUTHORIZATION {operator}")
    trap = """
        CREATE FUNCTION evil.replace(text, text, text) RETURNS text LANGUAGE sql
            AS $$ SELECT 'postgres' $$;
        CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql
            AS $$ SELECT 'ALTER ROLE postgres PASSWORD NULL' $$;
        SET search_path = evil, pg_catalog;
    """

    async def story() -> None:
        async with connected(partitioned.operator) as connection:
            await connection.execute(trap)
            text = "SELECT jvscheduler.make_namespace('shop', $1)"
            assert await connection.fetchval(text, PASSWORD) == "ns_shop"

    asyncio.run(story())
    partitioned.execute("DROP SCHEMA evil CASCADE")


@asynccontextmanager
async def connected(url: str) -> Any:
    connection = await asyncpg.connect(driver_url(url))
    try:
        yield connection
    finally:
        await connection.close()
