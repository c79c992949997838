"""The loop's half of the history on real databases: the contracts, and processes that race."""

import asyncio
import itertools
import multiprocessing
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

import pytest

from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.records.jobs import ScheduledJob, to_record
from jvscheduler.history.slots.requests import EXPIRY, SlotRequest
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.history.urls import parse_url
from tests.contracts.loop_history import LoopStoreContract
from tests.contracts.slots import SlotsContract
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.running import run_story
from tests.support.history.stories import RESTOCK, MakeLoopStore, all_of, revision, stretch

RACERS = 5
RACES = 60
INSTANTS = 40
LIMIT = 3
DEAD = 2
T = TypeVar("T")


@pytest.fixture
def make_loop_store(url: str) -> Callable[[], LoopStore]:
    return lambda: open_store(url)


class TestDatabases(LoopStoreContract, SlotsContract):
    """The fixtures of this module give it SQLite and PostgreSQL."""


def test_each_instant_is_claimed_by_one_of_many_processes(
    url: str, make_loop_store: MakeLoopStore
) -> None:
    run_story(make_loop_store, lambda store: store.ping())
    won = [number for numbers in _race(_claims_won, url) for number in numbers]
    assert sorted(won) == list(range(INSTANTS))

    async def story(store: LoopStore) -> None:
        jobs = await all_of(store)
        assert [job.status for job in jobs] == ["completed"] * INSTANTS
        assert {job.revision for job in jobs} == {2}

    run_story(make_loop_store, story)


def test_many_processes_never_hold_more_slots_than_the_limit(
    url: str, make_loop_store: MakeLoopStore, tmp_path: Path
) -> None:
    """All append to one file, whose order is that of what happened."""
    run_story(make_loop_store, lambda store: store.ping())
    events = tmp_path / "events"
    runs = _race(_hold_slots, url, str(events))
    changes = [1 if event == "+" else -1 for event in events.read_text()]
    assert 1 < max(itertools.accumulate(changes)) <= LIMIT
    assert sum(runs) > RACES

    async def story(store: LoopStore) -> None:
        new = [SlotRequest("shop", RESTOCK, LIMIT, f"new-{n}") for n in range(LIMIT + 1)]
        assert sum(await store.acquire_slots(new, NOON)) == LIMIT - DEAD
        after = NOON + EXPIRY + timedelta(seconds=1)
        assert sum(await store.acquire_slots(new, after)) == LIMIT

    run_story(make_loop_store, story)


def test_an_undecodable_record_does_not_block_the_others(
    url: str, make_loop_store: MakeLoopStore, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {"status": "no such status", "scheduled_time": NOON.isoformat()}

    async def story(store: LoopStore) -> None:
        row = {"id": of_job(1).job_id, "entity": "ScheduledJob", "context": broken}
        own = open_database(parse_url(url), connections=1, timeout=5)
        await own.save("object", row)
        claims = [of_job(n) for n in range(3)]
        assert list(await store.claim_all(claims)) == [True, False, True]
        await store.record_all([completed(claim) for claim in claims])
        assert [job.status for job in await all_of(store)] == ["completed", "completed"]
        assert await own.get("object", of_job(1).job_id) == row
        assert of_job(1).job_id in caplog.text
        await own.close()

    run_story(make_loop_store, story)


def test_jvspatials_own_queries_read_the_rows_that_a_loop_wrote(
    url: str, make_loop_store: MakeLoopStore
) -> None:
    async def story(store: LoopStore) -> None:
        await store.claim_all([of_job(0), of_job(1)])
        await store.record_all([completed(of_job(0), result=[1])])
        await store.record_stretches([stretch(2)])
        await store.add_revisions([revision(0)])
        await store.acquire_slots([SlotRequest("shop", RESTOCK, 1, "pod-0")], NOON)
        own = open_database(parse_url(url), connections=1, timeout=5)
        rows = await own.find("object", {"context.job_name": RESTOCK})
        found = Counter((row["entity"], row["context"].get("status")) for row in rows)
        assert found == {
            ("ScheduledJob", "completed"): 1,
            ("ScheduledJob", "running"): 1,
            ("ScheduledJob", "missed"): 1,
            ("ScheduleRevision", None): 1,
            ("TaskSlot", None): 1,
        }
        assert all(row["id"].startswith(f"o.{row['entity']}.") for row in rows)
        (ended,) = await own.find("object", {"context.status": "completed"})
        assert to_record((await all_of(store))[0]).items() <= ended.items()
        await own.close()

    run_story(make_loop_store, story)


def test_fields_of_a_later_version_survive_the_end_of_a_claim(
    url: str, make_loop_store: MakeLoopStore
) -> None:
    async def story(store: LoopStore) -> None:
        await store.claim_all([of_job(0)])
        own = open_database(parse_url(url), connections=1, timeout=5)
        new = {"$set": {"context.of_later": 7}}
        await own.find_one_and_update("object", {"id": of_job(0).job_id}, new)
        await store.record_all([completed(of_job(0))])
        row = await own.get("object", of_job(0).job_id)
        await own.close()
        assert row is not None
        assert (row["context"]["of_later"], row["context"]["status"]) == (7, "completed")

    run_story(make_loop_store, story)


def _race(racer: Callable[..., T], *words: str) -> list[T]:
    """What each process returns; all begin at the same time."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(RACERS)
    with context.Pool(RACERS, initializer=_line_up, initargs=(barrier,)) as pool:
        return pool.starmap(racer, [(*words, number) for number in range(RACERS)], chunksize=1)


def _line_up(barrier: Barrier) -> None:
    """Not before each has imported everything."""
    ScheduledJob()
    barrier.wait()


def _with_store(url: str, story: Callable[[LoopStore], Awaitable[T]]) -> T:
    async def answered() -> T:
        store = open_store(url, connections=2, create_indexes=False)
        result = await story(store)
        await store.close()
        return result

    return asyncio.run(answered())


def _claims_won(url: str, racer: int) -> list[int]:
    """The numbers of the instants; it records the end of each, in batches that overlap."""

    async def story(store: LoopStore) -> list[int]:
        won: list[int] = []
        for first in range(0, INSTANTS, 10):
            numbers = list(range(first, first + 10))
            numbers = numbers if racer % 2 else numbers[::-1]
            name = f"racer-{racer}"
            claims = [of_job(n, job_name=name, attempt_id=f"pod-{racer}-{n}") for n in numbers]
            answers = await store.claim_all(claims)
            mine = [claim for claim, answer in zip(claims, answers, strict=True) if answer]
            ids = [claim.job_id for claim in claims]
            await asyncio.gather(
                store.record_all([completed(claim) for claim in mine]),
                store.heartbeat_all(ids, NOON),
            )
            won += [n for n, answer in zip(numbers, answers, strict=True) if answer]
        return won

    return _with_store(url, story)


def _hold_slots(url: str, events: str, racer: int) -> int:
    """How often it held one. The first ones end like the dead: without a release."""

    async def story(store: LoopStore) -> int:
        file = os.open(events, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        held = 0
        for race in range(RACES):
            holder = f"pod-{racer}-{race}"
            if await _acquired(store, holder):
                held += 1
                os.write(file, b"+")
                await store.extend_slots([holder], NOON)
                os.write(file, b"-")
                await store.release_slots([holder])
        while racer < DEAD and not await _acquired(store, f"dead-{racer}"):
            await store.ping()
        return held

    return _with_store(url, story)


async def _acquired(store: LoopStore, holder: str) -> bool:
    (answer,) = await store.acquire_slots([SlotRequest("shop", RESTOCK, LIMIT, holder)], NOON)
    return answer
