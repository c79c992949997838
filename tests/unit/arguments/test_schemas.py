"""`spec.args` is checked against `spec.argsSchema`, whoever wrote either of them."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jvscheduler.arguments.schemas import check_args
from jvscheduler.errors import InvalidArgs

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["day"],
    "properties": {
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "count": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10},
        "rate": {"type": ["number", "null"]},
        "level": {"enum": ["low", "high"]},
        "name": {"type": "string", "minLength": 2, "maxLength": 3},
        "pair": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "maxItems": 2,
        },
        "shop": {"$ref": "#/$defs/Shop"},
        "either": {"anyOf": [{"type": "boolean"}, {"type": "integer"}]},
        "weights": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    "$defs": {
        "Shop": {
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string"}, "parent": {"$ref": "#/$defs/Shop"}},
        }
    },
}
GOOD: dict[str, Any] = {
    "day": "2026-02-28",
    "at": "2026-02-28T14:30:00Z",
    "count": 9,
    "rate": 1.5,
    "level": "low",
    "name": "abc",
    "pair": [1, "x"],
    "shop": {"city": "Bonn", "parent": {"city": "Ulm"}},
    "either": True,
    "weights": {"a": 1},
}


def test_what_fits_is_accepted() -> None:
    check_args(GOOD, SCHEMA)
    check_args(GOOD, None)


def test_a_whole_number_may_have_a_point() -> None:
    """Kubernetes writes 3.0 as 3, and another writer may do the opposite."""
    check_args({**GOOD, "count": 3.0}, SCHEMA)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"day": None}, "args['day'] is None"),
        ({"day": 5}, "args.day: must be a text, got 5"),
        ({"day": "tomorrow"}, "args.day: must be a date such as 2026-01-31, got 'tomorrow'"),
        ({"at": "noon"}, "args.at: must be a time such as"),
        ({"count": "3"}, "args.count: must be a whole number, got '3'"),
        ({"count": True}, "args.count: must be a whole number, got True"),
        ({"count": 0}, "args.count: must be at least 1, got 0"),
        ({"count": 10}, "args.count: must be less than 10, got 10"),
        ({"rate": "x"}, "args.rate: must be a number or null, got 'x'"),
        ({"level": "mid"}, "args.level: must be 'low' or 'high', got 'mid'"),
        ({"name": "a"}, "args.name: must be at least 2 characters long"),
        ({"name": "abcd"}, "args.name: must be at most 3 characters long"),
        ({"pair": [1, 2]}, "args.pair[1]: must be a text, got 2"),
        ({"pair": [1, "x", 3]}, "args.pair: must be at most 2 values long"),
        ({"shop": {}}, "args.shop.city: must be given"),
        ({"shop": {"city": "Bonn", "parent": 1}}, "args.shop.parent: must be an object, got 1"),
        ({"either": "x"}, "args.either: must be true or false, got 'x' or args.either: must be a"),
        ({"weights": {"a": "b"}}, "args.weights.a: must be a number, got 'b'"),
        ({"unknown": 1}, "args.unknown: must be left out"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgs) as refused:
        check_args({**GOOD, **change}, SCHEMA)
    assert str(refused.value).startswith(message)


def test_an_argument_that_must_be_given_is_named() -> None:
    with pytest.raises(InvalidArgs, match=r"args\.day: must be given"):
        check_args({}, SCHEMA)


ITSELF = {"properties": {"a": {"$ref": "#/$defs/A"}}}


@pytest.mark.parametrize(
    "definition",
    [
        {"$ref": "#/$defs/A"},
        {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/A"}]},
    ],
)
def test_a_schema_that_takes_for_ever_is_refused(definition: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgs, match="argsSchema takes too many steps"):
        check_args({"a": 1}, {**ITSELF, "$defs": {"A": definition}})


def test_a_pattern_that_would_take_for_ever_is_not_matched() -> None:
    schema = {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    check_args({"a": "a" * 60 + "b"}, schema)


KEYWORDS = (
    "type", "enum", "const", "format", "minimum", "maxLength", "minItems", "required", "properties",
    "additionalProperties", "items", "prefixItems", "anyOf", "oneOf", "$ref", "$defs",
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)
SCHEMAS = st.recursive(
    st.dictionaries(st.sampled_from(KEYWORDS), ANYTHING, max_size=4),
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYWORDS), inner | st.lists(inner), max_size=4)
        | st.dictionaries(st.sampled_from(["a", "$ref"]), inner, max_size=2)
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(args=st.dictionaries(st.sampled_from(["a", "b"]), ANYTHING), schema=SCHEMAS)
def test_any_schema_accepts_or_refuses_and_nothing_else(args: Any, schema: Any) -> None:
    with contextlib.suppress(InvalidArgs):
        check_args(args, schema)


def test_a_large_schema_is_refused_before_it_is_walked() -> None:
    large = {"properties": {"a": {"enum": [f"{number:040}" for number in range(500)]}}}
    with pytest.raises(InvalidArgs, match="argsSchema has more than 16 KiB of JSON"):
        check_args({"a": "b"}, large)


def test_each_choice_and_each_name_is_a_step() -> None:
    choices = {"type": "array", "items": {"enum": list(range(1000))}}
    names = {"type": "array", "items": {"required": [f"x{number}" for number in range(1000)]}}
    check_args({"a": [0] * 5}, {"properties": {"a": choices}})
    with pytest.raises(InvalidArgs, match="too many steps"):
        check_args({"a": [0] * 11}, {"properties": {"a": choices}})
    with pytest.raises(InvalidArgs, match="too many steps"):
        check_args({"a": ["text"] * 11}, {"properties": {"a": names}})


def test_a_message_is_short_whatever_the_schema_names() -> None:
    with pytest.raises(InvalidArgs) as caught:
        check_args({}, {"required": ["x" * 5000]})
    assert len(str(caught.value)) < 1100
