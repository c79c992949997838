"""The history on real databases: the contract, races, and databases that fail."""

import asyncio
import json
import multiprocessing
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler.errors import HistoryUnavailable
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.entities.binding import bind
from jvscheduler.history.records.jobs import ScheduledJob
from jvscheduler.history.store.database import DatabaseHistory, open_store
from jvscheduler.history.store.protocol import HistoryStore
from jvscheduler.history.urls import parse_url
from jvscheduler.outcomes import Outcome
from tests.contracts.history import HistoryContract, MakeStore
from tests.contracts.listings import ListingContract
from tests.support.history.outcomes import NOON, begun, completed, failed, of_job
from tests.support.history.running import run_story

RACERS = 4
RACES = 25


@pytest.fixture
def make_store(url: str) -> Callable[[], HistoryStore]:
    return lambda: open_store(url)


class TestDatabases(HistoryContract, ListingContract):
    """The fixtures of this folder give it each database."""


def test_one_of_many_processes_claims_a_job(url: str, make_store: MakeStore) -> None:
    run_story(make_store, lambda store: store.ping())
    context = multiprocessing.get_context("spawn")
    with context.Pool(RACERS) as pool:
        won = pool.starmap(_claims_won, [(url, racer) for racer in range(RACERS)])
    assert sum(won) == RACES


def test_no_change_of_many_processes_to_a_job_is_lost(url: str, make_store: MakeStore) -> None:
    run_story(make_store, lambda store: store.ping())
    context = multiprocessing.get_context("spawn")
    with context.Pool(RACERS) as pool:
        pool.starmap(_record_attempts, [(url, racer) for racer in range(RACERS)])

    async def story(store: HistoryStore) -> None:
        (job,) = await store.unfinished()
        assert len(job.attempts) == RACERS * RACES
        assert job.revision == RACERS * RACES

    run_story(make_store, story)


def test_jvspatials_own_queries_read_every_record(url: str, make_store: MakeStore) -> None:
    async def story(store: HistoryStore) -> None:
        await store.record(completed(of_job(0), result=[1, 2]))
        await store.record(failed(of_job(1)))
        own = open_database(parse_url(url), connections=1, timeout=5)
        set_default_context(GraphContext(own))
        try:
            found = await ScheduledJob.find({"context.status": "completed"})
            assert [j.model_dump()["result"] for j in found] == [[1, 2]]
            assert await ScheduledJob.count() == 2
        finally:
            await own.close()

    run_story(make_store, story)


def test_records_that_users_wrote_are_shown_but_never_repaired(
    url: str, make_store: MakeStore
) -> None:
    theirs = {"job_name": "cleanup", "execution_time": "2026-03-02T12:00:00", "status": "running"}

    async def story(store: HistoryStore) -> None:
        await _insert(url, "o.ScheduledJob.theirs", theirs)
        (job,) = (await store.recent(NOON.replace(hour=11), None, 5)).jobs
        assert (job.job_name, job.execution_time) == ("cleanup", NOON)
        assert await store.unfinished() == []

    run_story(make_store, story)


def test_a_row_that_is_not_a_valid_record_is_reported_with_its_id(
    url: str, make_store: MakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(store: HistoryStore) -> None:
        await store.record(completed(begun()))
        broken = {"execution_time": "2026-03-02T12:00:00", "status": "no such status"}
        await _insert(url, "o.ScheduledJob.broken", broken)
        recent = await store.recent(NOON.replace(hour=11), None, 5)
        assert (len(recent.jobs), recent.total) == (1, 2)
        assert recent.undecodable == ("o.ScheduledJob.broken",)
        assert "o.ScheduledJob.broken" in caplog.text

    run_story(make_store, story)


def test_fields_of_a_later_version_survive_a_change(url: str, make_store: MakeStore) -> None:
    async def story(store: HistoryStore) -> None:
        await store.claim(begun())
        own = open_database(parse_url(url), connections=1, timeout=5)
        new = {"$set": {"context.of_later": 7}}
        await own.find_one_and_update("object", {"id": begun().job_id}, new)
        await store.record(completed(begun()))
        row = await own.get("object", begun().job_id)
        await own.close()
        assert row is not None
        assert (row["context"]["of_later"], row["context"]["status"]) == (7, "completed")

    run_story(make_store, story)


def test_users_entities_use_the_bound_database(url: str, make_store: MakeStore) -> None:
    async def story(store: HistoryStore) -> None:
        bound = bind(url)
        await ScheduledJob.create(job_name="by hand", execution_time=NOON)
        await bound.close()
        assert [j.job_name for j in (await store.recent(NOON, None, 5)).jobs] == ["by hand"]

    run_story(make_store, story)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("scheme", "options"), [("postgresql", ""), ("mongodb", "?serverSelectionTimeoutMS=100")]
)
def test_an_unreachable_database_is_reported_quickly_and_without_the_password(
    scheme: str, options: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    store = open_store(f"{scheme}://shop:secret@127.0.0.1:{port}/shop{options}")
    with pytest.raises(
        HistoryUnavailable, match=r"Connect call failed \('127\.0\.0\.1', \d+\)\)"
    ) as raised:
        asyncio.run(store.claim(begun()))
    assert f"{scheme}://127.0.0.1:{port}/shop is unavailable" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgresql", "mongodb"])
def test_a_database_that_never_answers_is_given_up(scheme: str, silent_port: int) -> None:
    url = parse_url(f"{scheme}://127.0.0.1:{silent_port}/shop")
    made = open_database(url, connections=1, timeout=60)
    store = DatabaseHistory(made, url.redacted, call_seconds=0.5)

    async def ping() -> None:
        with pytest.raises(HistoryUnavailable, match=r"no answer in 0\.5 s"):
            await store.ping()
        await store.close()

    asyncio.run(ping())


def test_a_locked_sqlite_file_is_given_up(sqlite_url: str, tmp_path: Path) -> None:
    run_story(lambda: open_store(sqlite_url), lambda store: store.ping())
    made = open_database(parse_url(sqlite_url), connections=1, timeout=0.1)
    holder = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    async def story(store: HistoryStore) -> None:
        with pytest.raises(HistoryUnavailable, match="locked"):
            await store.claim(begun())

    run_story(lambda: DatabaseHistory(made, sqlite_url, create_indexes=False), story)
    holder.close()


def _claims_won(url: str, racer: int) -> int:
    async def claim_all() -> int:
        store = open_store(url, connections=1, create_indexes=False)
        claims = [
            of_job(number, job_name=f"racer-{racer}", attempt_id=f"pod-{racer}-{number}")
            for number in range(RACES)
        ]
        won = [await store.claim(claim) is not None for claim in claims]
        await store.close()
        return sum(won)

    return asyncio.run(claim_all())


def _record_attempts(url: str, racer: int) -> None:
    async def record_all() -> None:
        store = open_store(url, connections=1, create_indexes=False)
        for number in range(RACES):
            await store.record(_attempt(f"pod-{racer}-{number}"))
        await store.close()

    asyncio.run(record_all())


def _attempt(name: str) -> Outcome:
    return failed(replace(begun(retry_count=RACERS * RACES), attempt_id=name))


async def _insert(url: str, row_id: str, context: dict[str, str]) -> None:
    own = open_database(parse_url(url), connections=1, timeout=5)
    row = {"id": row_id, "entity": "ScheduledJob", "context": context}
    await own.save("object", json.loads(json.dumps(row)))
    await own.close()
