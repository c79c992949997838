"""A database that has no connection left is not away: whoever needs one waits for it."""

import asyncio
import os
from collections.abc import Sequence
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
from jvspatial.core import Object as JvspatialObject

from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.entities.binding import bind
from jvscheduler.history.store import database as stores
from jvscheduler.history.store.database import open_runner_store, open_store
from jvscheduler.history.urls import parse_url
from jvscheduler.runner import admission
from jvscheduler.runner.admission import AdmissionDecision, admit
from jvscheduler.runner.heartbeats import heartbeats
from jvscheduler.runner.settings import PodAttempt
from tests.cluster.postgres import PostgresServer
from tests.support.history.crowds import (
    MakeSmall,
    connections_to,
    limited_database,
    limited_role,
)
from tests.support.history.databases import SERVED_DATABASES, url_of
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("make_small", "connections", "claimants"),
    [
        pytest.param(limited_role, 40, 300, id="role"),
        pytest.param(limited_database, 3, 20, id="database"),
    ],
)
def test_more_claimants_than_connections_all_claim(
    postgres_server: PostgresServer, make_small: MakeSmall, connections: int, claimants: int
) -> None:
    with make_small(postgres_server, connections) as url:
        asyncio.run(_claim_and_record_each(url, claimants))


async def _claim_and_record_each(url: str, claimants: int) -> None:
    """As many pods do it, each with its own connection, at the same moment."""

    async def claim_and_record(number: int) -> bool:
        store = open_runner_store(url)
        claimed = await store.claim(of_job(number))
        await store.disconnect()
        await store.record(completed(of_job(number)))
        await store.close()
        return claimed is not None

    claimed = await asyncio.gather(*map(claim_and_record, range(claimants)))
    assert all(claimed)
    reader = open_runner_store(url)
    recent = await reader.recent(NOON, None, claimants)
    await reader.close()
    assert len(recent.jobs) == claimants
    assert {job.status for job in recent.jobs} == {"completed"}


def test_a_call_waits_in_the_queue_of_mongodbs_driver(mongo_url: str) -> None:
    url = f"{mongo_url}?waitQueueTimeoutMS=1"

    async def story() -> None:
        store = open_runner_store(url)
        claimed = await asyncio.gather(*(store.claim(of_job(number)) for number in range(20)))
        assert all(claimed)
        read = await asyncio.gather(*(store.recent(NOON, None, 20) for _ in range(20)))
        assert {recent.total for recent in read} == {20}
        await store.close()

    asyncio.run(story())


def test_who_waits_too_long_goes_on_and_is_claimed_when_a_connection_is_free(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "TASK_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(admission, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("jvscheduler.runner.heartbeats.HEARTBEAT_SECONDS", 0.01)
    attempt = PodAttempt(of_job(0), max_concurrent=1, timeout_seconds=None)

    async def story(url: str) -> None:
        store = open_runner_store(url)
        await store.record(completed(of_job(1)))
        await store.disconnect()
        only = await asyncpg.connect(url)
        admitted = await admit(store, attempt, asyncio.Event())
        assert admitted.decision is AdmissionDecision.RUN
        assert admitted.is_unclaimed
        reader = open_store(postgres_server.url(urlsplit(url).path.removeprefix("/")))
        async with heartbeats(store, attempt, is_unclaimed=True):
            assert not await reader.unfinished()
            await only.close()
            async with asyncio.timeout(60):
                while not await reader.unfinished():
                    pass
        await reader.close()
        await store.close()

    with limited_role(postgres_server, 1) as url:
        asyncio.run(story(url))


class Shelf(JvspatialObject):
    """An entity of a user's, of jvspatial's own class."""

    name: str = ""


def test_a_tasks_own_entities_wait_too_and_hold_no_connection_between_two_calls(
    postgres_server: PostgresServer,
) -> None:
    async def story(url: str) -> None:
        only = await asyncpg.connect(url)
        bound = bind(url)
        creating = asyncio.create_task(Shelf.create(name="upper"))
        # It is refused at least once meanwhile.
        await asyncio.wait({creating}, timeout=0.5)
        assert not creating.done()
        await only.close()
        await creating
        await asyncio.to_thread(
            eventually, lambda: connections_to(postgres_server, url) == 0, "it is given back"
        )
        assert len(await Shelf.find({"context.name": "upper"})) == 1
        await bound.close()

    with limited_role(postgres_server, 1) as url:
        asyncio.run(story(url))


@pytest.mark.parametrize("served_url", SERVED_DATABASES, indirect=True)
def test_a_store_that_disconnects_has_no_connection_and_goes_on(served_url: str) -> None:
    async def story() -> None:
        store = open_runner_store(served_url)
        for number in range(2):
            assert await store.claim(of_job(number))
            assert _connections_of_this_process(served_url)
            await store.disconnect()
            assert not _connections_of_this_process(served_url)
        await store.close()

    asyncio.run(story())


def test_a_close_that_is_cancelled_leaves_a_store_that_goes_on(postgres_url: str) -> None:
    async def story() -> None:
        store = open_runner_store(postgres_url)
        assert await store.claim(of_job(0))
        closing = asyncio.create_task(store.disconnect())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing})
        assert await store.claim(of_job(1))
        await store.close()

    asyncio.run(story())


def test_a_pool_opens_no_connection_until_a_call_needs_one(postgres_url: str) -> None:
    async def story() -> None:
        database = open_database(parse_url(postgres_url), connections=5, timeout=5)
        assert not _connections_of_this_process(postgres_url)
        await asyncio.gather(*(database.get("object", f"o.Object.{n}") for n in range(2)))
        assert 1 <= len(_connections_of_this_process(postgres_url)) <= 2
        await database.close()

    asyncio.run(story())


@pytest.fixture
def served_url(request: pytest.FixtureRequest) -> str:
    return url_of(request)


def _connections_of_this_process(url: str) -> Sequence[object]:
    port = urlsplit(url).port
    found = psutil.Process(os.getpid()).net_connections("tcp")
    return [c for c in found if c.raddr and c.raddr.port == port and c.status == "ESTABLISHED"]
