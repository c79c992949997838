"""The history in the tables of namespaces: the contracts, as a namespace's role and as the server.

What a namespace's role writes, the server reads, and the other way round.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from jvspatial.core import Node
from jvspatial.core.context import GraphContext, set_default_context
from jvspatial.db.database import Database

from jvscheduler.errors import HistoryUnavailable, InvalidSettings
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.maintenance.deletion import prune
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.database import open_store
from jvscheduler.history.urls import parse_url
from tests.cluster.postgres import PostgresServer
from tests.contracts.changes import ChangeContract
from tests.contracts.documented_examples import DocumentedExamples
from tests.contracts.history import HistoryContract
from tests.contracts.listings import ListingContract
from tests.contracts.loop_history import LoopStoreContract
from tests.contracts.queries import QueryContract
from tests.contracts.refused_queries import RefusedQueryContract
from tests.contracts.slots import SlotsContract
from tests.support.history.cluster_store import open_cluster_store
from tests.support.history.outcomes import NOON, begun, completed, of_job
from tests.support.history.partitioned import PartitionedDatabase, a_partitioned_database
from tests.support.history.readings import Reading
from tests.support.history.running import run_story

NAMESPACES = ("shop", "other", "elsewhere", "mine", "ours", "theirs")


@pytest.fixture(scope="module")
def partitioned(postgres_server: PostgresServer) -> Iterator[PartitionedDatabase]:
    with a_partitioned_database(postgres_server) as made:
        yield made


@pytest.fixture(scope="module")
def made_tenants(partitioned: PartitionedDatabase) -> dict[str, str]:
    return {namespace: partitioned.make_namespace(namespace) for namespace in NAMESPACES}


@pytest.fixture
def tenants(partitioned: PartitionedDatabase, made_tenants: dict[str, str]) -> dict[str, str]:
    """Their URLs, with empty tables."""
    partitioned.execute("TRUNCATE jvscheduler.object, jvscheduler.node, jvscheduler.edge")
    return made_tenants


@pytest.fixture(params=["by the namespace's role", "by the server"])
def make_store(
    request: pytest.FixtureRequest, partitioned: PartitionedDatabase, tenants: dict[str, str]
) -> Callable[[], Any]:
    by_server = request.param == "by the server"
    return lambda: open_cluster_store(partitioned.server, tenants, by_server=by_server)


@pytest.fixture
def make_loop_store(make_store: Callable[[], Any]) -> Callable[[], Any]:
    return make_store


@pytest.fixture
def make_database(tenants: dict[str, str]) -> Callable[[], Database]:
    return lambda: open_database(parse_url(tenants["shop"]), connections=5, timeout=10)


class TestHistory(HistoryContract, ListingContract, LoopStoreContract, SlotsContract):
    """The fixtures of this module give it a database with two namespaces."""


class TestEntities(QueryContract, RefusedQueryContract, ChangeContract):
    """Users' entities in the tables of their namespace."""


class TestExamples(DocumentedExamples):
    """The documented queries in the tables of a namespace."""


def test_an_entity_of_a_user_needs_no_index_and_is_read_by_its_namespace_only(
    tenants: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def story() -> None:
        opened = {
            name: open_database(parse_url(url), connections=2, timeout=10)
            for name, url in tenants.items()
        }
        for name in NAMESPACES:
            context = GraphContext(opened[name])
            await context.ensure_indexes(Reading)
            node: Any = await context.save(Node())  # type: ignore[no-untyped-call]
            rows = [{"id": f"o.Reading.{n}", "entity": "Reading", "context": {}} for n in range(3)]
            done = await opened[name].bulk_save_detailed("object", rows)
            assert (done.saved, done.failed_ids) == (3, [])
            assert await opened[name].count("object") == 3
            assert await opened[name].get("node", node.id) is not None
            assert await opened[name].count("node") == 1
        for database in opened.values():
            await database.close()

    asyncio.run(story())
    left_out = [text for text in caplog.messages if "is left out" in text]
    assert left_out
    assert all("only the owner creates indexes in ns_" in text for text in left_out)
    assert "TEMP" not in caplog.text


def test_a_collection_of_a_users_own_name_is_refused_with_the_reason(
    tenants: dict[str, str],
) -> None:
    async def story() -> None:
        database = open_database(parse_url(tenants["shop"]), connections=1, timeout=10)
        with pytest.raises(Exception, match="schema ns_shop has no table receipt"):
            await database.get("receipt", "r.Receipt.1")
        await database.close()

    asyncio.run(story())


def test_all_calls_of_a_transaction_work_without_the_right_to_create(
    tenants: dict[str, str],
) -> None:
    async def story() -> None:
        database: Any = open_database(parse_url(tenants["shop"]), connections=1, timeout=10)
        transaction = await database.begin_transaction()
        row = {"id": "n.Shelf.1", "entity": "Shelf", "context": {}}
        await transaction.save("node", row)
        await transaction.commit()
        assert await database.get("node", "n.Shelf.1") == row
        await database.close()

    asyncio.run(story())


def test_a_namespace_without_tables_reads_as_empty_and_is_written_when_it_has_some(
    partitioned: PartitionedDatabase,
) -> None:
    late = of_job(1, namespace="late")

    async def story(store: Any) -> None:
        assert await store.revisions("late") == []
        with pytest.raises(HistoryUnavailable, match="no tables for namespace late: the operator"):
            await store.record(completed(late))
        await asyncio.to_thread(partitioned.make_namespace, "late")
        await store.record(completed(late))
        (job,) = (await store.recent(NOON, None, 10)).jobs
        assert (job.namespace, job.status) == ("late", "completed")

    partitioned.execute("TRUNCATE jvscheduler.object")
    run_story(lambda: open_store(partitioned.server), story)


def test_the_server_frees_a_slot_that_a_pod_of_a_namespace_has_kept(
    partitioned: PartitionedDatabase, tenants: dict[str, str]
) -> None:
    async def story(server: Any) -> None:
        shop = open_store(tenants["shop"])
        asked = [SlotRequest("shop", "shop.tasks.restock", 1, "pod 1", "job 1")]
        next_job = [replace(asked[0], holder="pod 2", job_id="job 2")]
        assert list(await shop.acquire_slots(asked, NOON)) == [True]
        await server.free_slots("other", ["pod 1"])
        assert list(await shop.acquire_slots(next_job, NOON)) == [False]
        await server.free_slots("shop", ["pod 1", "job 1"])
        assert list(await shop.acquire_slots(next_job, NOON)) == [True]
        await shop.close()

    run_story(lambda: open_store(partitioned.server), story)


def test_the_server_measures_what_each_namespace_takes(
    partitioned: PartitionedDatabase, tenants: dict[str, str]
) -> None:
    async def story(server: Any) -> None:
        before = await server.sizes()
        assert before.keys() >= tenants.keys()
        shop = open_store(tenants["shop"])
        await shop.record_all([completed(of_job(number)) for number in range(500)])
        assert await shop.sizes() is None
        await shop.close()
        after = await server.sizes()
        assert after["shop"] > before["shop"] + 500 * 500  # a row has more than 500 bytes
        assert {**after, "shop": 0} == {**before, "shop": 0}

    run_story(lambda: open_store(partitioned.server), story)


def test_the_url_of_the_server_is_not_for_a_loop(partitioned: PartitionedDatabase) -> None:
    async def story(store: Any) -> None:
        with pytest.raises(InvalidSettings, match="is the server's: tasks and loops need"):
            await store.heartbeat(begun().job_id, NOON)

    run_story(lambda: open_store(partitioned.server), story)


def test_a_schema_without_rights_is_no_empty_history(tenants: dict[str, str]) -> None:
    async def story() -> None:
        wrong = tenants["shop"].replace("schema=ns_shop", "schema=ns_other")
        store = open_store(wrong)
        with pytest.raises(HistoryUnavailable, match="permission denied for schema ns_other"):
            await store.open()
        await store.close()

    asyncio.run(story())


def test_the_server_prunes_through_the_parents(
    partitioned: PartitionedDatabase,
    tenants: dict[str, str],  # noqa: ARG001 - their tables are empty
) -> None:
    async def story() -> None:
        store = open_store(partitioned.server)
        await store.record_all(
            [completed(of_job(n, namespace=name)) for n in range(3) for name in NAMESPACES]
        )
        await store.close()
        with_all = open_database(parse_url(partitioned.server), connections=1, timeout=10)
        set_default_context(GraphContext(with_all))
        done = await prune(NOON + timedelta(hours=1), keep_last=1)
        assert (done.deleted, done.tasks) == (2 * len(NAMESPACES), len(NAMESPACES))
        assert await ScheduledJob.count() == len(NAMESPACES)
        await with_all.close()

    asyncio.run(story())
