"""Contract of every database: which queries are refused, and how large one may be."""

from typing import Any

import pytest

from jvscheduler.history import InvalidQuery
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.matching import matches
from jvscheduler.history.queries.parsing import parse
from tests.support.history.readings import Reading, ReadingsContract, RunStory, names


def nested(operator: str, depth: int, inner: Any = None) -> dict[str, Any]:
    query = {"name": "ada"} if inner is None else inner
    for _ in range(depth):
        query = {operator: query}
    return dict(query)


def nested_lists_of(operator: str, depth: int, *others: dict[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] = {"name": "ada"}
    for _ in range(depth):
        query = {operator: [query, *others]}
    return query


def nested_lists(depth: int) -> dict[str, Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return {"name": {"$in": found}}


REFUSED: dict[str, tuple[Any, str]] = {
    "unknown operator": ({"context.value": {"$near": 1}}, r"'\$near'.*\$gte.*\$regex"),
    "unknown logic": ({"$xor": []}, r"'\$xor'.*\$and, \$or, \$nor, \$not"),
    "no list": ({"$or": {"context.name": "x"}}, r"\$or takes a list"),
    "no time": ({"context.at": {"$gt": "yesterday"}}, "context.at is a time"),
    "a time out of range": ({"context.at": {"$gt": 1e30}}, "context.at is a time"),
    "a value of no kind": ({"context.value": [1]}, "cannot be compared"),
    "no expression": ({"context.name": {"$regex": "("}}, "context.name"),
    "an empty pattern": ({"context.name": {"$regex": ""}}, r"context.name.*\$exists"),
    "unknown option": ({"context.name": {"$regex": "a", "$options": "g"}}, "options"),
    "a path with SQL": ({"context.name'; DROP TABLE object; --": 1}, "is no field"),
    "no operator": ({"context.name": {}}, "give a value"),
    "no query": (["context.name"], "a query is a dict"),
    "an empty list": ([], "a query is a dict"),
    "an empty text": ("", "a query is a dict"),
    "zero": (0, "a query is a dict"),
    "False": (False, "a query is a dict"),
    "$options alone": ({"name": {"$options": "i"}}, r"\$options for context.name"),
    "empty $options alone": ({"name": {"$options": ""}}, r"\$options for context.name"),
    "$options next to another": ({"name": {"$options": "i", "$ne": "x"}}, r"\$options"),
    "$options in $not": ({"name": {"$not": {"$options": "i"}}}, r"\$options"),
    "$options in $nor": ({"$nor": [{"name": {"$options": "i"}}]}, r"\$options"),
    "nothing in $not": ({"$not": {}}, "stands alone"),
    "nothing in $not of a field": ({"name": {"$not": {}}}, "give a value"),
    "nothing in $and": ({"$and": [{}]}, "stands alone"),
    "nothing in $or": ({"$or": [{"name": "ada"}, {}]}, "stands alone"),
    "nothing in $nor": ({"$nor": [{}]}, "stands alone"),
    "None in $and": ({"$and": [None]}, "stands alone"),
    "no queries": ({"$and": []}, r"\$and takes a list"),
    "none of nothing": ({"name": {"$nin": []}}, "would match everything"),
    "not one of nothing": ({"name": {"$not": {"$in": []}}}, "would match everything"),
    "$nor of nothing": ({"$nor": [{"name": {"$in": []}}]}, "would match everything"),
    "anything or everything": (
        {"$or": [{"name": "ada"}, {"name": {"$nin": []}}]},
        "would match everything",
    ),
    "a field that is no text": ({None: None}, "a field or an operator is a text"),
    "an operator that is no text": ({"name": {None: 1}}, "a field or an operator is a text"),
    "$exists with a text": ({"name": {"$exists": "no"}}, r"\$exists for context.name takes True"),
    "$exists with None": ({"name": {"$exists": None}}, r"\$exists for context.name takes True"),
    "$in of a dict": ({"name": {"$in": {}}}, "take a list"),
    "a number beyond every float": ({"value": 10**400}, "308 digits"),
    "too deep": (nested("$not", 200), "at most 24 levels"),
    "too deep for Python": (nested("$not", 20_000), "at most 24 levels"),
    "too deep in lists": (nested_lists(20_000), "at most 24 levels"),
    "too many conditions": ({"$or": [{"value": n} for n in range(2000)]}, "at most 1000 fields"),
    "too many values": ({"value": {"$in": list(range(100_001))}}, "at most 100000 values"),
    "too much text": ({"name": {"$in": ["x" * 1_000_000] * 5}}, "at most 4194304 characters"),
    "too long a path": ({".".join(["a"] * 2000): 1}, "is no field"),
    "a $regex without end": ({"name": {"$regex": "(" * 20_000}}, "regex for context.name"),
    "a $regex too large": ({"name": {"$regex": "a{99999999999}"}}, "regex for context.name"),
}

LARGE: dict[str, tuple[dict[str, Any], str]] = {
    "numbers in $in": ({"value": {"$in": [n / 2 for n in range(600)]}}, "ada Bob cyd dan"),
    "very many numbers": ({"value": {"$in": list(range(50_000))}}, "ada cyd"),
    "very many texts": ({"name": {"$in": ["eve", *map(str, range(50_000))]}}, "eve"),
    "very many numbers in $nin": ({"value": {"$nin": list(range(50_000))}}, "Bob dan eve"),
    "numbers beyond 64 bits": ({"value": {"$in": [2**70, 2**1000, 3]}}, "cyd"),
    "numbers and booleans": ({"good": {"$in": [1, 0]}}, ""),
    "$or of one field": ({"$or": [{"value": n} for n in range(450)]}, "ada cyd"),
    "$or of many fields": (
        {"$or": [{f"data.f{n}": n} for n in range(448)] + [{"name": "eve"}]},
        "eve",
    ),
    "$nor of many": (
        {"$nor": [{f"data.f{n}": n, "good": True} for n in range(300)] + [{"name": "eve"}]},
        "ada Bob cyd dan",
    ),
    "$and of many": ({"$and": [{"value": {"$ne": n}} for n in range(300)]}, "Bob dan eve"),
}

DEEP: dict[str, dict[str, Any]] = {
    "$not": nested("$not", 22),
    "$not of a field": {"name": nested("$not", 21, {"$eq": "ada"})},
    "$nor": nested_lists_of("$nor", 11),
    "$nor of two": nested_lists_of("$nor", 11, {"good": True}),
    "$or of two": nested_lists_of("$or", 11, {"value": {"$gt": 100}}),
    "$and of many": nested_lists_of("$and", 11, *({"value": {"$gt": n}} for n in range(-20, -1))),
}
"""As deep as a query may be."""


WRONG_KINDS: list[tuple[dict[str, Any], str]] = [
    ({"$set": {"context.value": "much"}}, r"no valid Reading: value: .*number.*'much'"),
    ({"$set": {"context.tags": "one"}}, "no valid Reading: tags: .*list"),
    ({"$set": {"good": [1]}}, "no valid Reading: good: "),
    ({"$inc": {"name": 1}}, r"\$inc: name is a text; \$inc is for numbers"),
    ({"$inc": {"at": 1}}, r"\$inc: at is a time; \$inc is for numbers"),
    ({"$inc": {"data.text": 1}}, r"\$inc: context\.data\.text of .* 'no 2', which is no number"),
    ({"$inc": {"good": 1}}, r"\$inc: context\.good of .* False, which is no number"),
    ({"$inc": {"tags": 1}}, "which is no number"),
    ({"$inc": {"value": float("inf")}}, "JSON has no such number"),
    ({"$push": {"name": "x"}}, r"\$push: name is a text; \$push is for lists"),
    ({"$push": {"data.text": "x"}}, "which is no list"),
    ({"$addToSet": {"value": 1}}, "which is no list"),
    ({"$pull": {"data": 1}}, "which is no list"),
    ({"$set": {"data.text.part": 1}}, r"context\.data\.text of .* which is no object"),
    ({"$set": {"name": "x"}, "$unset": {"context.name": 1}}, "changed twice"),
    ({"$set": {"data": {}, "data.size": 1}}, "changed twice"),
    ({"$set": {"name": "x", "context.name": "y"}}, "names a field twice"),
    ({"$set": {None: 1}}, "a field is a text"),
]


class RefusedQueryContract(ReadingsContract):
    def test_an_update_of_a_wrong_kind_changes_nothing(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            before = await Reading.find()
            for update, message in WRONG_KINDS:
                for call in (Reading.update_many, Reading.update_one):
                    with pytest.raises(InvalidQuery, match=message):
                        await call({"name": "cyd"}, update)
            after = await Reading.find()
            assert [row.model_dump() for row in after] == [row.model_dump() for row in before]

        run_with_readings(story)

    def test_a_refused_query_changes_nothing(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            for title, (query, message) in REFUSED.items():
                for call in (
                    Reading.find(query),
                    Reading.find_one(query),
                    Reading.count(query),
                    Reading.distinct(["name"], query),
                    Reading.aggregate([{"$match": query}]),
                    Reading.update_one(query, {"$set": {"name": "changed"}}),
                    Reading.update_many(query, {"$set": {"name": "changed"}}),
                    Reading.delete_one(query),
                    Reading.delete_many(query),
                ):
                    with pytest.raises(InvalidQuery, match=message) as raised:
                        await call
                    assert len(str(raised.value)) < 1000, title
            for nothing in (
                Reading.update_many(None, {"$set": {"name": "changed"}}),  # type: ignore[arg-type]
                Reading.delete_many(None),  # type: ignore[arg-type]
                Reading.delete_one(None),  # type: ignore[arg-type]
                Reading.aggregate([{"$match": None}]),
            ):
                with pytest.raises(InvalidQuery, match="a query is a dict"):
                    await nothing
            assert await names(sort=[("at", 1)]) == "ada Bob cyd dan eve"

        run_with_readings(story)

    def test_a_limit_is_a_number_of_rows(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            newest = [("at", -1)]
            assert await names(sort=newest, limit=2**63 - 1, skip=4) == "ada"
            assert await names(sort=newest, limit=1, skip=2**63 - 1) == ""
            assert await names(sort=newest, limit=2**63 - 1, skip=2**63 - 1) == ""
            wrong: list[Any] = ["x", "1", 1.0, True, -1, 2**63, 2**70, [1]]
            for number in wrong:
                for options in ({"limit": number}, {"skip": number}):
                    with pytest.raises(InvalidQuery, match="takes a number from 0 to"):
                        await Reading.find(**options)
                for stage in ("$limit", "$skip"):
                    with pytest.raises(InvalidQuery, match="takes a number from 0 to"):
                        await Reading.aggregate([{stage: number}])
            for sort in ("at", 5, True, [("at", 2)], [("at", True)], [(None, 1)], {"at": "x"}):
                with pytest.raises(InvalidQuery):
                    await Reading.find(sort=sort)

        run_with_readings(story)

    def test_a_large_query_means_what_it_says(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            for title, (query, expected) in LARGE.items():
                assert await names(query, sort=[("at", 1)]) == expected, title
                assert await Reading.count(query) == len(expected.split()), title

        run_with_readings(story)

    def test_a_deep_query_is_answered(self, run_with_readings: RunStory) -> None:
        async def story() -> None:
            rows = [reading.export() for reading in await Reading.find()]
            exported = [await row for row in rows]
            for title, query in DEEP.items():
                where = parse(query, fields_of(Reading))
                expected = sum(matches(row, where) for row in exported)
                assert await Reading.count(query) == expected, title

        run_with_readings(story)
