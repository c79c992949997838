"""Contract of every database: what queries over entities mean."""

from datetime import date, timedelta
from typing import Any

import pytest
from jvspatial.core import Object as JvspatialObject

from jvscheduler.history import InvalidQuery
from tests.support.history.readings import (
    NAIVE_NOON,
    NOON,
    Calibrated,
    MakeDatabase,
    Reading,
    ReadingsContract,
    RunStory,
    names,
    run_story,
)

QUERIES: dict[str, tuple[dict[str, Any], str]] = {
    "equality": ({"context.name": "cyd"}, "cyd"),
    "a bare name": ({"name": "cyd"}, "cyd"),
    "several fields": ({"context.good": True, "context.value": {"$gt": 1}}, "Bob dan"),
    "$eq": ({"context.value": {"$eq": 3}}, "cyd"),
    "$ne leaves in what has none": ({"context.value": {"$ne": 3}}, "ada Bob dan eve"),
    "$gt and $lte": ({"context.value": {"$gt": 0, "$lte": 3.0}}, "Bob cyd"),
    "$lt never matches what has none": ({"context.value": {"$lt": 100}}, "ada Bob cyd dan"),
    "$in of texts": ({"context.name": {"$in": ["eve", "ada", "zoe"]}}, "ada eve"),
    "$in of mixed values": ({"context.value": {"$in": [3, "3", None]}}, "cyd eve"),
    "$in of nothing": ({"context.name": {"$in": []}}, ""),
    "$nin": ({"context.name": {"$nin": ["eve", "ada"]}}, "Bob cyd dan"),
    "$nin leaves in what has none": ({"context.value": {"$nin": [0, 1.5]}}, "cyd dan eve"),
    "None": ({"context.value": None}, "eve"),
    "$ne None": ({"context.seen": {"$ne": None}}, "Bob dan"),
    "$exists": ({"context.seen": {"$exists": True}}, "Bob dan"),
    "$exists false": ({"context.no_such": {"$exists": False}}, "ada Bob cyd dan eve"),
    "booleans are no numbers": ({"context.good": 1}, ""),
    "numbers are no texts": ({"context.value": {"$gt": "0"}}, ""),
    "texts are no numbers": ({"context.name": {"$gt": 0}}, ""),
    "texts by their code points": ({"context.name": {"$lt": "a"}}, "Bob"),
    "a nested field": ({"context.data.size": {"$gte": 3}}, "dan eve"),
    "a nested text": ({"context.data.text": "no 3"}, "dan"),
    "a list is not searched": ({"context.tags": "a"}, ""),
    "a list differs from what is in it": ({"context.tags": {"$ne": "a"}}, "ada Bob cyd dan eve"),
    "a list is there": ({"context.tags": {"$exists": True}}, "ada Bob cyd dan eve"),
    "a path ends at a list": ({"context.data.rows.n": {"$gte": 0}}, ""),
    "nothing is beyond a list": ({"context.data.rows.n": {"$exists": True}}, ""),
    "a number beyond 64 bits": ({"context.value": {"$lt": 2**70}}, "ada Bob cyd dan"),
    "$and": ({"$and": [{"context.good": True}, {"context.value": {"$gt": 1}}]}, "Bob dan"),
    "$or": ({"$or": [{"context.name": "ada"}, {"context.value": 3}]}, "ada cyd"),
    "$nor with what has none": (
        {"$nor": [{"context.value": {"$gt": 2}}, {"context.name": "ada"}]},
        "Bob eve",
    ),
    "$not of a field that has none": ({"context.value": {"$not": {"$gt": 2}}}, "ada Bob eve"),
    "$not of a query": ({"$not": {"context.good": True}}, "cyd"),
    "$regex": ({"context.name": {"$regex": "^b"}}, ""),
    "$regex with $options": ({"context.name": {"$regex": "^b", "$options": "i"}}, "Bob"),
    "$regex anywhere": ({"context.name": {"$regex": "a"}}, "ada dan"),
    "$regex and another": ({"context.name": {"$regex": "a", "$ne": "ada"}}, "dan"),
    "$not of $regex": ({"context.name": {"$not": {"$regex": "a|e"}}}, "Bob cyd"),
    "$regex of what is no text": ({"context.value": {"$regex": "."}}, ""),
}

AFTER_TWO = {
    "an aware datetime": NOON + timedelta(hours=2),
    "one of another zone": (NOON + timedelta(hours=2)).astimezone(),
    "a naive datetime": NAIVE_NOON + timedelta(hours=2),
    "a Unix timestamp": (NOON + timedelta(hours=2)).timestamp(),
    "a whole Unix timestamp": int((NOON + timedelta(hours=2)).timestamp()),
    "ISO text": "2026-03-02T14:00:00Z",
    "ISO text of another zone": "2026-03-02T15:30:00+01:30",
}


class QueryContract(ReadingsContract):
    def test_operators_match_the_same_everywhere(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            for title, (query, expected) in QUERIES.items():
                assert await names(query, sort=[("context.at", 1)]) == expected, title
                assert await Reading.count(query) == len(expected.split()), title

        run_with_readings(story)

    def test_a_time_compares_with_every_form_of_one(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            by_time = [("context.at", 1)]
            for title, time in AFTER_TWO.items():
                assert await names({"context.at": {"$gte": time}}, sort=by_time) == "cyd dan eve"
                assert await names({"context.at": {"$gt": time}}, sort=by_time) == "dan eve", title
                assert await names({"context.at": time}) == "cyd", title
                assert await names({"context.at": {"$in": [time, NOON]}}, sort=by_time) == "ada cyd"
            assert await names({"context.at": {"$gte": date(2026, 3, 4)}}) == ""

        run_with_readings(story)

    def test_sort_limit_and_skip(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            newest = [("context.at", -1)]
            assert await names(sort=newest) == "eve dan cyd Bob ada"
            assert await names(sort=newest, limit=2, skip=1) == "dan cyd"
            assert await names(sort={"context.value": -1}) == "dan cyd Bob ada eve"
            assert await names(sort={"context.value": 1}) == "ada Bob cyd dan eve"
            assert await names(sort={"context.name": 1}) == "Bob ada cyd dan eve"
            assert await names(sort=newest, skip=4) == "ada"
            assert await names(limit=0) == ""
            first = await Reading.find_one({"context.good": True}, sort=newest)
            assert first is not None
            assert first.name == "eve"
            with pytest.raises(InvalidQuery, match="sort takes pairs"):
                await Reading.find(sort=["context.at"])

        run_with_readings(story)

    def test_entities_are_read_back_as_they_were_stored(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            reading = await Reading.find_one({"context.name": "Bob"})
            assert reading is not None
            assert (reading.at, reading.seen) == (NOON + timedelta(hours=1), NOON)
            assert (reading.value, reading.data["deep"]) == (1.5, {"er": [1]})
            same = await Reading.find_one({"_id": reading.id})
            assert same is not None
            assert same.model_dump() == reading.model_dump()
            assert await Reading.find_one({"context.name": "zoe"}) is None

        run_with_readings(story)

    def test_naive_times_are_local_and_stored_as_utc_of_one_width(
        self, make_database: MakeDatabase
    ) -> None:
        async def story() -> None:
            made = await Reading.create(at=NAIVE_NOON, data={"when": NOON, "odd": "\0"})
            assert made.at == NOON
            (row,) = await Reading.aggregate([])
            assert row["context"]["at"] == "2026-03-02T12:00:00.000000+00:00"
            assert row["context"]["data"]["when"] == "2026-03-02T12:00:00.000000+00:00"
            assert await Reading.count({"context.data.when": NAIVE_NOON}) == 1

        run_story(make_database, story)

    def test_jvspatials_own_entities_read_every_row(self, run_with_readings: RunStory) -> None:
        theirs = type("Reading", (JvspatialObject,), {"__annotations__": {"name": str}, "name": ""})

        async def story() -> None:
            found: Any = await theirs.find({"context.name": "ada"})  # type: ignore[attr-defined]
            assert [reading.name for reading in found] == ["ada"]

        run_with_readings(story)

    def test_subclasses_are_found_with_their_base(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            await Calibrated.create(name="ada", by="zoe")
            found = await Reading.find({"context.name": "ada"})
            assert {type(reading) for reading in found} == {Reading, Calibrated}
            assert await Calibrated.count() == 1

        run_with_readings(story)
