"""Queries over entities on real databases: the contracts, races, and plans of queries."""

import multiprocessing
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from jvspatial.core.context import get_default_context
from jvspatial.db.database import Database
from jvspatial.db.postgres import PostgresDB

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history import AlreadyExists, ScheduledJob
from jvscheduler.history.backends.backend import Batch
from jvscheduler.history.backends.mongodb.database import collection_of
from jvscheduler.history.backends.mongodb.queries import mongo_sort
from jvscheduler.history.backends.postgresql.sql import PostgresSql
from jvscheduler.history.backends.registry import backend_of, open_database
from jvscheduler.history.backends.sqlite.sql import SqliteSql
from jvscheduler.history.queries.conditions import Condition, Sort
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse, parse_sort
from jvscheduler.history.urls import parse_url
from tests.contracts.changes import ChangeContract
from tests.contracts.documented_examples import DocumentedExamples
from tests.contracts.queries import QueryContract
from tests.contracts.refused_queries import RefusedQueryContract
from tests.contracts.retention import RetentionContract
from tests.support.history.readings import NOON, MakeDatabase, Reading, run_story

pytestmark = pytest.mark.long

RACERS = 4
RACES = 20


@pytest.fixture
def make_database(url: str) -> Callable[[], Database]:
    return lambda: open_database(parse_url(url), connections=5, timeout=10)


class TestQueries(QueryContract, RefusedQueryContract, ChangeContract, RetentionContract):
    """The fixtures of this folder give it each database."""


class TestExamples(DocumentedExamples):
    """The fixtures of this folder give it each database."""


def test_one_of_many_processes_creates_an_id(url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(RACERS) as pool:
        won = pool.starmap(_ids_won, [(url, racer) for racer in range(RACERS)])
    assert sum(won) == RACES


def test_no_change_of_many_processes_is_lost(url: str, make_database: MakeDatabase) -> None:
    async def story() -> None:
        await Reading.create(id="o.Reading.one", value=0)
        for _ in range(3):
            await Reading.create(value=0)

    run_story(make_database, story)
    with multiprocessing.get_context("spawn").Pool(RACERS) as pool:
        pool.map(_increment, [url] * RACERS)

    async def counted() -> None:
        reading = await Reading.find_one({"_id": "o.Reading.one"})
        assert reading is not None
        assert reading.value == 2 * RACERS * RACES
        assert await Reading.count({"context.value": RACERS * RACES}) == 3

    run_story(make_database, counted)


def test_an_unreachable_database_is_named_in_the_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://shop:secret@127.0.0.1:{server.getsockname()[1]}/shop"

    async def story() -> None:
        with pytest.raises(HistoryUnavailable, match=r"postgresql://127\.0\.0\.1") as raised:
            await Reading.count()
        assert "secret" not in str(raised.value)

    run_story(lambda: open_database(parse_url(url), connections=1, timeout=1), story)


def test_a_change_whose_answer_is_lost_is_not_repeated(
    url: str, make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: Any = backend_of(make_database()).rows
    monkeypatch.setattr(rows, "update", _break_after(rows.update))

    async def story() -> None:
        await Reading.create(value=0)
        with pytest.raises(HistoryUnavailable, match="the change may have been made"):
            await Reading.update_many({}, {"$inc": {"context.value": 1}})
        assert await Reading.count({"context.value": 1}) == 1

    run_story(lambda: open_database(parse_url(url), connections=1, timeout=10), story)


def _break_after(update: Callable[..., Awaitable[Batch]]) -> Callable[..., Awaitable[Batch]]:
    async def broken(*arguments: object) -> Batch:
        await update(*arguments)
        raise ConnectionResetError("cut")

    return broken


def _ids_won(url: str, racer: int) -> int:
    won: list[int] = []

    async def story() -> None:
        for number in range(RACES):
            try:
                await Reading.create(id=f"o.Reading.{number}", name=f"racer {racer}")
                won.append(number)
            except AlreadyExists:
                continue

    run_story(lambda: open_database(parse_url(url), connections=1, timeout=10), story)
    return len(won)


def _increment(url: str) -> None:
    async def story() -> None:
        for _ in range(RACES):
            await Reading.update_many({}, {"$inc": {"context.value": 1}})
            await Reading.update_one({"_id": "o.Reading.one"}, {"$inc": {"context.value": 1}})

    run_story(lambda: open_database(parse_url(url), connections=1, timeout=10), story)


def test_the_newest_entities_are_read_from_the_index_of_their_time(
    url: str, make_database: MakeDatabase
) -> None:
    resolve = fields_of(Reading)
    where = parse({"entity": "Reading", "context.at": {"$gte": NOON}}, resolve)
    newest = parse_sort([("context.at", -1)], resolve)

    async def story() -> None:
        await Reading.create()
        opened = get_default_context().database
        plan = await EXPLAIN[url.partition(":")[0]](opened, where, newest)
        assert "entity_context_at" in plan

    run_story(make_database, story)


def test_a_status_is_counted_on_postgresql_in_the_index_alone(postgres_url: str) -> None:
    resolve = fields_of(ScheduledJob)
    where = parse({"entity": "ScheduledJob", "context.status": "failed"}, resolve)

    async def story() -> None:
        await ScheduledJob.create(status="failed")
        opened: Any = get_default_context().database
        sql = PostgresSql(opened.columns)
        text = f"EXPLAIN SELECT COUNT(*) FROM object WHERE {sql.where(where)}"  # noqa: S608 - made of checked names
        async with opened._acquire_conn() as connection:  # noqa: SLF001 - it has no public name
            await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
            plan = str(await connection.fetch(text, *sql.params))
        assert "Index Only Scan using object_entity_context_status_idx" in plan

    run_story(lambda: open_database(parse_url(postgres_url), connections=1, timeout=10), story)


def test_a_table_of_jvspatials_own_making_is_counted_too(postgres_url: str) -> None:
    async def story() -> None:
        theirs = PostgresDB(dsn=postgres_url, min_size=1, max_size=1)
        row = {"id": "o.ScheduledJob.a", "entity": "ScheduledJob", "context": {"status": "failed"}}
        await theirs.save("object", row)
        assert await ScheduledJob.count({"context.status": "failed"}) == 1
        await theirs.save("object", {**row, "context": {"status": "running"}})
        assert await theirs.count("object", {"context.status": "running"}) == 1
        await theirs.close()
        assert await ScheduledJob.count({"context.status": "failed"}) == 0

    run_story(lambda: open_database(parse_url(postgres_url), connections=1, timeout=10), story)


async def _explain_postgres(opened: Any, where: Condition, sort: Sequence[Sort]) -> str:
    """The plan of a large table: PostgreSQL would scan a small one."""
    sql = PostgresSql()
    text = f"EXPLAIN SELECT data FROM public.object WHERE {sql.where(where)}"  # noqa: S608 - made of checked names
    text += f" ORDER BY {sql.order_by(sort, where)} LIMIT 50"
    async with opened._acquire_conn() as connection:  # noqa: SLF001 - it has no public name
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        return str(await connection.fetch(text, *sql.params))


async def _explain_sqlite(opened: Any, where: Condition, sort: Sequence[Sort]) -> str:
    sql = SqliteSql("object")
    text = (
        f"EXPLAIN QUERY PLAN SELECT data FROM records WHERE collection = ?1 AND {sql.where(where)}"  # noqa: S608 - made of checked names
    )
    text += f" ORDER BY {sql.order_by(sort, where)} LIMIT 50"
    connection = await opened._get_connection()  # noqa: SLF001 - it has no public name
    async with connection.execute(text, sql.params) as cursor:
        return " ".join(row["detail"] for row in await cursor.fetchall())


async def _explain_mongo(opened: Any, where: Condition, sort: Sequence[Sort]) -> str:
    """The tests' server does not plan queries, so this looks for an index with this order."""
    order, computed = mongo_sort(sort, where)
    found = await (await collection_of(opened, "object")).index_information()
    in_order = [("entity", 1), *order.items()]
    assert not computed
    return " ".join(name for name, index in found.items() if index["key"] == in_order)


EXPLAIN = {
    "mongodb": _explain_mongo,
    "postgresql": _explain_postgres,
    "sqlite": _explain_sqlite,
}
