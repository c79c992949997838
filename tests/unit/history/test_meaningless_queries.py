"""Queries made from seeds: one meaningless part anywhere in a query makes all of it an error."""

import random
from typing import Any

import pytest

from jvscheduler.history import InvalidQuery
from jvscheduler.history.queries.conditions import constant
from jvscheduler.history.queries.fields import fields_of
from jvscheduler.history.queries.parsing import parse
from tests.support.history.readings import Reading

SEEDS = range(400)
FIELDS = ("name", "context.value", "data.size", "at", "_id")

MEANINGLESS_TESTS: tuple[Any, ...] = (
    {},
    {"$options": "i"},
    {"$options": ""},
    {"$not": {}},
    {"$not": {"$options": "i"}},
    {"$not": None},
    {"$not": []},
    {"$in": None},
    {"$in": {}},
    {"$in": "ada"},
    {"$in": [{}]},
    {"$nin": [[]]},
    {"$exists": "no"},
    {"$exists": None},
    {"$exists": {}},
    {"$gt": None},
    {"$gt": {}},
    {"$lte": []},
    {"$eq": {}},
    {"$ne": {}},
    {"$regex": None},
    {"$regex": {}},
    {"$regex": "a", "$options": None},
    {"$near": 1},
    {"name": "ada"},
    [],
)
"""Each stands where a field's value or operators do."""

MEANINGLESS_QUERIES: tuple[Any, ...] = (
    *({}, None, [], "", 0, False, True, [{}], "name"),
    *({"$and": []}, {"$or": []}, {"$nor": []}, {"$and": {}}, {"$or": None}, {"$nor": {}}),
    *({"$not": {}}, {"$not": None}, {"$not": []}, {"$and": [{}]}, {"$nor": [None]}),
    *({"$options": "i"}, {"$in": ["ada"]}, {"$exists": True}, {"": 1}, {None: 1}, {1: None}),
)
"""Each stands where a query inside another one does."""


def any_test(draw: random.Random) -> Any:
    return draw.choice(
        [
            {"$exists": True},
            {"$ne": None},
            {"$in": [None]},
            {"$not": {"$in": [None]}},
            None,
        ]
    )


def a_query(draw: random.Random, depth: int) -> dict[str, Any]:
    if depth == 0:
        return {draw.choice(FIELDS): any_test(draw)}
    return with_inner(draw, a_query(draw, depth - 1))


def with_inner(draw: random.Random, inner: Any) -> dict[str, Any]:
    """A query that has another one inside."""
    operator = draw.choice(["$and", "$or", "$nor", "$not"])
    if operator == "$not":
        return {"$not": inner}
    queries = [inner, *(a_query(draw, 0) for _ in range(draw.randrange(3)))]
    draw.shuffle(queries)
    others = a_query(draw, 0) if draw.random() < 0.3 else {}
    return {operator: queries, **others}


def a_meaningless_query(draw: random.Random) -> Any:
    if draw.random() < 0.5:
        query: Any = {draw.choice(FIELDS): draw.choice(MEANINGLESS_TESTS)}
    else:
        query = with_inner(draw, draw.choice(MEANINGLESS_QUERIES))
    for _ in range(draw.randrange(4)):
        query = with_inner(draw, query)
    return query


def test_a_meaningless_part_makes_the_query_an_error() -> None:
    for seed in SEEDS:
        query = a_meaningless_query(random.Random(seed))
        assert is_refused(query), query


def test_a_query_that_has_a_meaning_is_not_refused() -> None:
    for seed in SEEDS:
        query = a_query(random.Random(seed), depth=seed % 6)
        assert constant(parse(query, fields_of(Reading))) is None, query


@pytest.mark.parametrize("query", [q for q in MEANINGLESS_QUERIES if q != {}], ids=repr)
def test_only_an_empty_dict_means_everything(query: Any) -> None:
    assert is_refused(query)
    assert constant(parse({}, fields_of(Reading))) is True


def is_refused(query: Any) -> bool:
    try:
        parse(query, fields_of(Reading))
    except InvalidQuery:
        return True
    return False
