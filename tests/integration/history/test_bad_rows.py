"""A row that nobody can read is set aside by every reader, and fails no other row."""

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from jvspatial.core.context import GraphContext, set_default_context

from jvscheduler.history import InvalidQuery, ScheduledJob, UndecodableRecord
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.maintenance.deletion import prune
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import to_record
from jvscheduler.history.records.merge import first_record
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.history.urls import parse_url
from jvscheduler.outcomes import Status
from jvscheduler.verification.audit import AuditOptions
from jvscheduler.verification.checker import judge
from jvscheduler.verification.findings import Kind
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.running import run_story
from tests.support.history.stories import RESTOCK, MakeLoopStore, revision

HOUR = timedelta(hours=1)
GOOD = [of_job(number) for number in (0, 8)]


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


BAD: dict[str, dict[str, Any]] = {
    "a deep result": {"result": nested(80)},
    "a status of a user's own": {"status": "error"},
    "no status": {"status": None},
    "an attempt of a user's own": {"attempts": [{"at": "noon"}]},
    "an attempt without a time zone": {
        "attempts": [{"attempt_id": "a", "status": "failed", "start_time": "2026-03-02T12:00:00"}]
    },
    "a time of no kind": {"completed_at": "soon"},
}

VALID_AS_ENTITIES = 2
"""Those with attempts that only the records' own code reads."""


@pytest.fixture
def make_loop_store(url: str) -> Callable[[], LoopStore]:
    return lambda: open_store(url)


def test_a_bad_row_is_set_aside_by_every_reader(
    url: str, make_loop_store: MakeLoopStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        await store.add_revisions([revision(0)])
        own = open_database(parse_url(url), connections=1, timeout=10)
        ids = await _save_bad_rows(own)
        found = await store.recent(NOON - HOUR, None, 50)
        assert [job.id for job in found.jobs] == [good.job_id for good in reversed(GOOD)]
        assert set(found.undecodable) == set(ids)
        failed = await store.recent(NOON - HOUR, Status.FAILED, 50)
        assert failed.jobs == ()
        assert sum((await store.counts()).values()) >= len(GOOD)
        assert await store.unfinished() == []
        between = await store.jobs_between(InstantRange("shop", RESTOCK, NOON - HOUR, NOON + HOUR))
        assert [job.id for job in between] == [good.job_id for good in GOOD]
        last = await store.last_instants("shop", [RESTOCK], NOON + HOUR)
        assert last == {RESTOCK: GOOD[-1].scheduled_time}
        assert await store.revisions("shop") == [revision(0)]
        assert await store.acquire_slots([SlotRequest("shop", RESTOCK, 2, "new")], NOON) == [True]
        assert list(await store.claim_all([of_job(9), *map(of_job, range(1, 7))])) == [
            True,
            *[False] * 6,
        ]
        assert all("\n" not in record.getMessage() for record in caplog.records)
        assert all(row_id in caplog.text for row_id in ids)
        await own.close()

    run_story(make_loop_store, story)


@pytest.mark.parametrize(
    "bad",
    [
        {"schedule": "at high noon"},
        {"schedule": ["every", "minute"]},
        {"dst": "twice"},
        {"max_concurrency": "many", "time_zone": "Mars/Olympus"},
        {"suspended": nested(3), "backend": 7},
    ],
    ids=str,
)
def test_a_bad_revision_ends_the_one_before_it_and_the_rest_is_judged(
    url: str, make_loop_store: MakeLoopStore, bad: dict[str, Any]
) -> None:
    """It was written by another version, or by a hand."""

    async def story(store: LoopStore) -> None:
        await store.record_all([completed(of_job(number)) for number in (1, 2, 8, 9)])
        await store.add_revisions([revision(0), revision(7)])
        own = open_database(parse_url(url), connections=1, timeout=10)
        row = revision(2).to_row()
        await own.save("object", {**row, "context": {**row["context"], **bad}})
        await own.close()
        audit = await judge(store, ("shop", RESTOCK), NOON, NOON + HOUR / 6, AuditOptions(NOON))
        assert audit.due == 5
        assert audit.findings.counts == {Kind.UNREADABLE_REVISION: 1, Kind.UNEXPLAINED_MISS: 1}
        last = (await store.revisions("shop"))[1]
        assert next(iter(bad)) in last.problem or str(bad["schedule"]) in last.problem

    run_story(make_loop_store, story)


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_the_instant_of_a_bad_row_has_its_record(
    url: str, make_loop_store: MakeLoopStore, fields: dict[str, Any]
) -> None:
    """A loop that takes over goes on from there, and records nothing twice."""

    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        row = to_record(first_record(completed(of_job(9))))
        own = open_database(parse_url(url), connections=1, timeout=10)
        await own.save("object", {**row, "context": {**row["context"], **fields}})
        await own.close()
        last = await store.last_instants("shop", [RESTOCK], NOON + HOUR)
        assert last == {RESTOCK: of_job(9).scheduled_time}

    run_story(make_loop_store, story)


def test_a_bad_row_is_set_aside_by_queries_of_entities(
    url: str, make_loop_store: MakeLoopStore
) -> None:
    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        own = open_database(parse_url(url), connections=1, timeout=10)
        set_default_context(GraphContext(own))
        ids = await _save_bad_rows(own)
        found = {job.id for job in await ScheduledJob.find({})}
        assert found >= {good.job_id for good in GOOD}
        assert len(found) == len(GOOD) + VALID_AS_ENTITIES
        assert await ScheduledJob.count({}) == len(GOOD) + len(BAD)
        (every,) = await ScheduledJob.aggregate([{"$count": "n"}])
        assert every["n"] == len(GOOD) + len(BAD) - 1
        with pytest.raises(UndecodableRecord, match=r"80|levels"):
            await ScheduledJob.find_one({"id": ids[0]})
        done = await ScheduledJob.update_many({}, {"$set": {"metadata.seen": True}})
        assert done.modified_count == len(GOOD) + VALID_AS_ENTITIES
        assert (await prune(NOON + timedelta(days=9), keep_last=2)).deleted
        assert (await prune(NOON + timedelta(days=9), keep_last=0)).deleted
        await ScheduledJob.delete_many({})
        assert await ScheduledJob.count() == 0
        await own.close()

    run_story(make_loop_store, story)


def test_what_readers_could_not_read_is_not_written(
    url: str, make_loop_store: MakeLoopStore
) -> None:
    async def story(_: LoopStore) -> None:
        own = open_database(parse_url(url), connections=1, timeout=10)
        set_default_context(GraphContext(own))
        job = await ScheduledJob.create(result=nested(48), execution_time=NOON)
        for value in (nested(51), nested(300), nested(5000), {"x": object()}, {"n": 10**400}):
            with pytest.raises(InvalidQuery):
                await ScheduledJob.create(result=value)
            with pytest.raises(InvalidQuery):
                await ScheduledJob.update_many({}, {"$set": {"result": value}})
            with pytest.raises(InvalidQuery):
                await ScheduledJob.update_many({}, {"$push": {"attempts": value}})
            changed = job.model_copy(update={"result": value})
            with pytest.raises(InvalidQuery):
                await changed.save()
        path = "metadata." + ".".join("a" * 60)
        with pytest.raises(InvalidQuery):
            await ScheduledJob.update_many({}, {"$set": {path: 1}})
        (found,) = await ScheduledJob.find({})
        assert (found.result, found.metadata) == (nested(48), {})
        await own.close()

    run_story(make_loop_store, story)


def test_a_row_beyond_pythons_stack_is_set_aside(sqlite_url: str) -> None:
    """As jvspatial's own entities, and earlier versions of ours, wrote it."""

    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        own = open_database(parse_url(sqlite_url), connections=1, timeout=10)
        set_default_context(GraphContext(own))
        row = to_record(first_record(of_job(1)))
        text = json.dumps(row).replace('"result": null', f'"result": {"[" * 985}{"]" * 985}')
        with sqlite3.connect(parse_url(sqlite_url).path) as connection:
            values = ("object", row["id"], text)
            connection.execute("INSERT INTO records VALUES (?, ?, ?)", values)
        assert {job.id for job in await ScheduledJob.find({})} == {good.job_id for good in GOOD}
        assert (await store.recent(NOON - HOUR, None, 50)).undecodable == (row["id"],)
        assert list(await store.claim_all([of_job(1), of_job(9)])) == [False, True]
        await own.close()

    run_story(lambda: open_store(sqlite_url), story)


async def _save_bad_rows(own: Any) -> list[str]:
    ids = []
    for number, fields in enumerate(BAD.values(), 1):
        row = to_record(first_record(completed(of_job(number))))
        await own.save("object", {**row, "context": {**row["context"], **fields}})
        ids.append(row["id"])
    for entity, context in (
        ("ScheduleRevision", {"namespace": "shop", "job_name": RESTOCK, "since": "soon"}),
        ("TaskSlot", {"namespace": "shop", "job_name": RESTOCK, "number": "none"}),
    ):
        bad_id = f"o.{entity}.bad-{len(context)}{context.get('since', '')}"
        await own.save("object", {"id": bad_id, "entity": entity, "context": context})
    return ids
