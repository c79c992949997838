"""A document that MongoDB's driver cannot decode is set aside by every reader.

It holds a time after the year 9999: a script in another language, or a later version, wrote it.
"""

from datetime import timedelta
from typing import Any

import pytest
from bson import DatetimeMS
from jvspatial.core.context import GraphContext, set_default_context
from pymongo import MongoClient

from jvscheduler.history import ScheduledJob, UndecodableRecord
from jvscheduler.history.backends.registry import open_database
from jvscheduler.history.maintenance.deletion import prune
from jvscheduler.history.records.instants import InstantRange
from jvscheduler.history.records.jobs import to_record
from jvscheduler.history.records.merge import first_record
from jvscheduler.history.slots.requests import SlotRequest
from jvscheduler.history.store.database import open_store
from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.history.urls import parse_url
from tests.support.history.outcomes import NOON, completed, of_job
from tests.support.history.running import run_story
from tests.support.history.stories import RESTOCK, revision

HOUR = timedelta(hours=1)
GOOD = [of_job(number) for number in (0, 8)]
BAD = of_job(1)
FAR = DatetimeMS(2**60)
"""Milliseconds. Python's last year is 9999."""


def test_every_reader_of_the_history_sets_it_aside(
    mongo_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        await store.add_revisions([revision(0)])
        write_bad_documents(mongo_url)
        found = await store.recent(NOON - HOUR, None, 50)
        assert [job.id for job in found.jobs] == [good.job_id for good in reversed(GOOD)]
        assert found.undecodable == (BAD.job_id,)
        assert await store.unfinished() == []
        between = await store.jobs_between(InstantRange("shop", RESTOCK, NOON - HOUR, NOON + HOUR))
        assert [job.id for job in between] == [good.job_id for good in GOOD]
        last = await store.last_instants("shop", [RESTOCK], NOON + HOUR)
        assert last == {RESTOCK: GOOD[-1].scheduled_time}
        assert await store.revisions("shop") == [revision(0)]
        assert sum((await store.counts()).values()) == len(GOOD) + 1
        assert "year" in caplog.text
        assert all("\n" not in record.getMessage() for record in caplog.records)

    run_story(lambda: open_store(mongo_url), story)


def test_every_writer_goes_on_beside_it(mongo_url: str) -> None:
    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        write_bad_documents(mongo_url)
        assert list(await store.claim_all([BAD, of_job(9)])) == [False, True]
        await store.record_all([completed(BAD), completed(of_job(9))])
        await store.heartbeat_all([BAD.job_id, of_job(9).job_id], NOON)
        request = SlotRequest("shop", RESTOCK, 2, "new")
        assert await store.acquire_slots([request], NOON) == [True]
        await store.extend_slots(["new", "bad"], NOON)
        await store.release_slots(["new", "bad"])
        (record,) = [r for r in (await store.recent(NOON - HOUR, None, 50)).jobs if r.id == NINE]
        assert record.status == "completed"

    run_story(lambda: open_store(mongo_url), story)


NINE = of_job(9).job_id


def test_queries_of_entities_set_it_aside(mongo_url: str) -> None:
    async def story(store: LoopStore) -> None:
        await store.record_all([completed(outcome) for outcome in GOOD])
        write_bad_documents(mongo_url)
        own = open_database(parse_url(mongo_url), connections=1, timeout=10)
        set_default_context(GraphContext(own))
        good = {outcome.job_id for outcome in GOOD}
        assert {job.id for job in await ScheduledJob.find({})} == good
        assert await ScheduledJob.count({}) == len(GOOD) + 1
        with pytest.raises(UndecodableRecord, match="driver cannot decode"):
            await ScheduledJob.find_one({"id": BAD.job_id})
        done = await ScheduledJob.update_many({}, {"$set": {"metadata.seen": True}})
        assert done.modified_count == len(GOOD)
        (counted,) = await ScheduledJob.aggregate([{"$count": "n"}])
        assert counted["n"] == len(GOOD)
        assert await own.find("object", {"entity": "ScheduledJob"}, limit=0) == []
        newest = await own.find("object", {"_id": BAD.job_id}, limit=1, sort=[("_id", 1)])
        assert [row["id"] for row in newest] == [BAD.job_id]
        assert (await prune(NOON + timedelta(days=9), keep_last=0)).deleted
        await ScheduledJob.delete_many({})
        assert await ScheduledJob.count() == 0
        await own.close()

    run_story(lambda: open_store(mongo_url), story)


def write_bad_documents(url: str) -> None:
    row = to_record(first_record(completed(BAD)))
    slot = {"namespace": "shop", "job_name": RESTOCK, "holder": "bad", "expiry_time": FAR}
    documents: list[dict[str, Any]] = [
        {**row, "context": {**row["context"], "completed_at": FAR}},
        {**row_of("TaskSlot"), "context": slot},
        {**row_of("ScheduleRevision"), "context": {"namespace": "shop", "since": FAR}},
    ]
    address, _, name = url.rpartition("/")
    with MongoClient[dict[str, Any]](address) as client:
        client[name].object.insert_many([{"_id": d["id"], **d} for d in documents])


def row_of(entity: str) -> dict[str, Any]:
    return {"id": f"o.{entity}.bad", "entity": entity}
