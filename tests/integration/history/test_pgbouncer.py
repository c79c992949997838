"""PgBouncer in transaction mode: each transaction may be on another connection of PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history import ScheduledJob
from jvscheduler.history.connection import connect
from jvscheduler.history.store.database import open_runner_store, open_store
from jvscheduler.history.store.protocol import LoopStore
from tests.cluster.pgbouncer import PgBouncer, run_pgbouncer
from tests.cluster.postgres import PostgresServer
from tests.contracts.history import HistoryContract
from tests.contracts.loop_history import LoopStoreContract
from tests.contracts.slots import SlotsContract
from tests.support.history.outcomes import NOON, completed, of_job

OPTION = "statement_cache_size=0"


@pytest.fixture(scope="module")
def pgbouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    with run_pgbouncer(postgres_server) as pooler:
        yield pooler


@pytest.fixture
def pooled_url(pgbouncer: PgBouncer, postgres_url: str) -> str:
    """An empty database through the pooler, without our option."""
    return pgbouncer.url(postgres_url)


class TestBehindPgBouncer(HistoryContract, LoopStoreContract, SlotsContract):
    @pytest.fixture
    def make_loop_store(self, pooled_url: str) -> Callable[[], LoopStore]:
        return lambda: open_store(f"{pooled_url}?{OPTION}")

    @pytest.fixture
    def make_store(self, make_loop_store: Callable[[], LoopStore]) -> Callable[[], LoopStore]:
        return make_loop_store


def test_many_calls_at_once_share_the_few_connections_of_the_pooler(pooled_url: str) -> None:
    async def story() -> None:
        stores = [open_store(f"{pooled_url}?{OPTION}", connections=2) for _ in range(5)]
        for _ in range(3):
            outcomes = [of_job(number) for number in range(30)]
            await asyncio.gather(
                *(stores[n % 5].claim(outcome) for n, outcome in enumerate(outcomes))
            )
            await asyncio.gather(
                *(stores[n % 5].record(completed(outcome)) for n, outcome in enumerate(outcomes))
            )
        recent = await stores[0].recent(NOON, None, 100)
        assert [job.status for job in recent.jobs] == ["completed"] * 30
        for store in stores:
            await store.close()

    asyncio.run(story())


def test_a_tasks_entities_work_too(pooled_url: str) -> None:
    async def story() -> None:
        async with connect(f"{pooled_url}?{OPTION}"):
            await asyncio.gather(
                *(ScheduledJob.create(job_name=f"task-{number % 3}") for number in range(20))
            )
            changed = await ScheduledJob.update_many(
                {"context.job_name": "task-1"}, {"$set": {"status": "completed"}}
            )
            assert changed.modified_count == 7
            assert await ScheduledJob.count({"context.status": "completed"}) == 7

    asyncio.run(story())


def test_without_the_option_the_error_names_it(pooled_url: str) -> None:
    async def story() -> None:
        stores = [open_store(pooled_url, connections=2) for _ in range(3)]
        try:
            for number in range(100):
                claims = (store.claim(of_job(3 * number + n)) for n, store in enumerate(stores))
                await asyncio.gather(*claims)
        finally:
            for store in stores:
                await store.close()

    with pytest.raises(HistoryUnavailable, match=f"add [?]{OPTION} to the URL"):
        asyncio.run(story())


def test_a_pooler_that_takes_no_more_clients_is_waited_for(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async def claims(url: str, number: int) -> bool:
        store = open_runner_store(url)
        claimed = await store.claim(of_job(number))
        await store.close()
        return claimed is not None

    async def story(url: str) -> None:
        assert all(await asyncio.gather(*(claims(url, number) for number in range(20))))

    with run_pgbouncer(postgres_server, clients=3) as pooler:
        asyncio.run(story(f"{pooler.url(postgres_url)}?{OPTION}"))
