"""Contract of every database: creating, changing, deleting and aggregating entities."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from jvscheduler.history import AlreadyExists, InvalidQuery, UndecodableRecord
from tests.support.history.readings import (
    NAIVE_NOON,
    NOON,
    MakeDatabase,
    Other,
    Reading,
    ReadingsContract,
    RunStory,
    names,
    run_story,
    some_readings,
)

AFTER_THREE = NOON + timedelta(hours=3)
BY_TIME = [("context.at", 1)]
Pipeline = list[dict[str, Any]]

BY_GOOD: dict[str, Any] = {
    "_id": "$context.good",
    "count": {"$sum": 1},
    "sum": {"$sum": "$context.value"},
    "mean": {"$avg": "$context.value"},
    "least": {"$min": "$context.value"},
    "most": {"$max": "$context.value"},
    "names": {"$push": "$context.name"},
    "first": {"$first": "$context.name"},
    "last": {"$last": "$context.name"},
}

PIPELINES: dict[str, tuple[Pipeline, list[dict[str, Any]]]] = {
    "$match by time, $group, $sort": (
        [
            {"$match": {"context.at": {"$gte": NAIVE_NOON + timedelta(hours=1)}}},
            {"$sort": {"context.at": 1}},
            {"$group": BY_GOOD},
            {"$sort": {"count": -1}},
        ],
        [
            {
                "_id": True,
                "count": 3,
                "sum": 6,
                "mean": 3,
                "least": 1.5,
                "most": 4.5,
                "names": ["Bob", "dan", "eve"],
                "first": "Bob",
                "last": "eve",
            },
            {
                "_id": False,
                "count": 1,
                "sum": 3,
                "mean": 3,
                "least": 3,
                "most": 3,
                "names": ["cyd"],
                "first": "cyd",
                "last": "cyd",
            },
        ],
    ),
    "$group of all": (
        [{"$group": {"_id": None, "n": {"$count": {}}, "last": {"$max": "$context.at"}}}],
        [{"_id": None, "n": 5, "last": "2026-03-02T16:00:00.000000+00:00"}],
    ),
    "$group of several, $match of the result": (
        [
            {"$match": {"name": {"$ne": "eve"}}},
            {"$group": {"_id": {"good": "$context.good"}, "n": {"$sum": 1}}},
            {"$match": {"n": {"$gt": 1}, "_id.good": True}},
        ],
        [{"_id": {"good": True}, "n": 3}],
    ),
    "$avg of nothing": (
        [{"$match": {"name": "eve"}}, {"$group": {"_id": 1, "x": {"$avg": "$context.value"}}}],
        [{"_id": 1, "x": None}],
    ),
    "$sort, $skip, $limit, $project": (
        [
            {"$sort": {"context.at": -1}},
            {"$skip": 1},
            {"$limit": 2},
            {"$project": {"_id": 0, "context.name": 1, "size": "$context.data.size"}},
        ],
        [{"context": {"name": "dan"}, "size": 3}, {"context": {"name": "cyd"}, "size": 2}],
    ),
    "$project that leaves out": (
        [
            {"$match": {"name": "eve"}},
            {"$project": {"_id": 0, "id": 0, "context.data": 0, "context.tags": False}},
            {"$project": {"_id": 0, "context": 1}},
        ],
        [
            {
                "context": {
                    "name": "eve",
                    "at": "2026-03-02T16:00:00.000000+00:00",
                    "seen": None,
                    "value": None,
                    "good": True,
                }
            }
        ],
    ),
    "$unwind": (
        [
            {"$unwind": "$context.tags"},
            {"$group": {"_id": "$context.tags", "n": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ],
        [{"_id": "a", "n": 3}, {"_id": "b", "n": 1}],
    ),
    "$unwind that keeps": (
        [
            {"$unwind": {"path": "$context.tags", "preserveNullAndEmptyArrays": True}},
            {"$count": "n"},
        ],
        [{"n": 6}],
    ),
    "$count": ([{"$match": {"context.good": True}}, {"$count": "good"}], [{"good": 4}]),
    "$count of nothing": ([{"$match": {"name": "zoe"}}, {"$count": "n"}], []),
}

REFUSED_PIPELINES: list[tuple[Any, str]] = [
    ([{"$lookup": {}}], r"'\$lookup' is no stage; known are \$match, \$group"),
    ([{"$group": {"count": {"$sum": 1}}}], r"\$group takes _id"),
    ([{"$group": {"_id": None, "x": {"$median": "$a"}}}], r"'\$median' for x.*\$sum, \$avg"),
    ([{"$group": {"_id": {"$year": "$context.at"}}}], r"'\$year' is no expression"),
    ([{"$match": {}}, {"$match": {"x": {"$near": 1}}}], r"'\$near'"),
    ([{"$sort": {"x": 2}}], "sort takes pairs"),
    ([{"$limit": -1}], r"\$limit takes a number"),
    ([{"$unwind": "tags"}], r"\$unwind: expected a path"),
    ([{"$project": {"a": 1, "b": 0}}], "not both"),
    ([{"$count": "$n"}], r"\$count takes the name"),
    ([{"$match": {}, "$limit": 1}], "a stage is a dict of one operator"),
    ({"$match": {}}, "a pipeline is a list"),
]


class ChangeContract(ReadingsContract):
    def test_update_one(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            reading = await Reading.find_one({"context.name": "dan"})
            assert reading is not None
            change = {
                "$set": {
                    "context.at": NOON.timestamp(),
                    "context.data.results": {"n": 1},
                    "context.seen": None,
                },
                "$inc": {"context.value": 1},
                "$push": {"context.tags": "new"},
            }
            done = await Reading.update_one({"_id": reading.id}, change)
            assert (done.matched_count, done.modified_count) == (1, 1)
            after = await Reading.find_one({"_id": reading.id})
            assert after is not None
            assert (after.at, after.seen, after.value) == (NOON, None, 5.5)
            assert after.data == {**reading.data, "results": {"n": 1}}
            assert after.tags == [*reading.tags, "new"]
            assert await Reading.count({"context.value": 5.5}) == 1

        run_with_readings(story)

    def test_update_many_counts_matched_and_modified(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            done = await Reading.update_many(
                {"context.value": {"$gte": 0}}, {"$set": {"context.good": True}}
            )
            assert (done.matched_count, done.modified_count) == (4, 1)
            none = await Reading.update_many({"context.name": "zoe"}, {"$set": {"context.good": 1}})
            assert (none.matched_count, none.modified_count) == (0, 0)
            assert await Reading.count({"context.good": True}) == 5

        run_with_readings(story)

    def test_updates_are_checked_before_anything_changes(self, run_with_readings: RunStory) -> None:
        refused: list[tuple[dict[str, Any], str]] = [
            ({"context.name": "x"}, r"'context.name' is no operator"),
            ({"$rename": {"context.name": "x"}}, r"'\$rename'.*\$set, \$unset"),
            ({"$set": {"_id": "x"}}, "never changes"),
            ({"$set": {"context.at": "soon"}}, "context.at is a time"),
            ({"$inc": {"context.value": "1"}}, "takes a number"),
            ({}, "an update is a dict"),
        ]

        async def story() -> None:
            for update, message in refused:
                with pytest.raises(InvalidQuery, match=message):
                    await Reading.update_many({}, update)
            assert await Reading.count({"context.value": {"$lt": 100}}) == 4

        run_with_readings(story)

    def test_delete_one_and_many(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            assert (await Reading.delete_one({"context.good": True})).deleted_count == 1
            assert await Reading.count({"context.good": True}) == 3
            assert (await Reading.delete_one({"context.name": "zoe"})).deleted_count == 0
            await Reading.delete_many({})
            await some_readings()
            old = await Reading.delete_many({"context.at": {"$lt": AFTER_THREE.timestamp()}})
            assert (old.deleted_count, await names(sort=BY_TIME)) == (3, "dan eve")
            assert (await Reading.delete_many({})).deleted_count == 2
            assert (await Reading.delete_many({})).deleted_count == 0
            assert await Other.count() == 2

        run_with_readings(story)

    def test_many_are_changed_and_deleted_in_batches(self, make_database: MakeDatabase) -> None:
        async def story() -> None:
            await asyncio.gather(*(Reading.create(value=n, name="many") for n in range(1203)))
            done = await Reading.update_many({"name": "many"}, {"$inc": {"context.value": 1}})
            assert (done.matched_count, done.modified_count) == (1203, 1203)
            (summed,) = await Reading.aggregate(
                [{"$group": {"_id": None, "sum": {"$sum": "$context.value"}}}]
            )
            assert summed["sum"] == sum(range(1204))
            assert (await Reading.delete_many({"name": "many"})).deleted_count == 1203

        run_story(make_database, story)

    def test_an_id_is_created_once(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            await Reading.create(id="o.Reading.one", name="first")
            with pytest.raises(AlreadyExists, match=r"Reading o\.Reading\.one is there"):
                await Reading.create(id="o.Reading.one", name="second")
            reading = await Reading.find_one({"_id": "o.Reading.one"})
            assert reading is not None
            assert reading.name == "first"
            reading.name = "third"
            await reading.save()
            assert await Reading.count({"context.name": "third"}) == 1

        run_with_readings(story)

    def test_a_row_that_is_not_a_valid_entity_is_reported_with_its_id(
        self, make_database: MakeDatabase, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def story() -> None:
            await Reading.create(name="good")
            broken = {"name": "broken", "value": "much"}
            row = {"id": "o.Reading.broken", "entity": "Reading", "context": broken}
            database = make_database()
            await database.save("object", row)
            assert await names(sort=[("context.name", 1)]) == "good"
            assert "o.Reading.broken" in caplog.text
            with pytest.raises(UndecodableRecord, match=r"o\.Reading\.broken"):
                await Reading.find_one({"context.name": "broken"})
            mended = {"$set": {"context.value": 1}}
            assert (await Reading.update_one({"name": "broken"}, mended)).modified_count == 1
            assert await Reading.count({"context.value": 1}) == 1
            if database is not make_database():
                await database.close()  # type: ignore[attr-defined]

        run_story(make_database, story)

    def test_aggregation(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            for title, (pipeline, expected) in PIPELINES.items():
                assert await Reading.aggregate(pipeline) == expected, title

        run_with_readings(story)

    def test_a_pipeline_with_an_unknown_part_is_refused(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            for pipeline, message in REFUSED_PIPELINES:
                with pytest.raises(InvalidQuery, match=message):
                    await Reading.aggregate(pipeline)

        run_with_readings(story)
