"""What `args` may hold, and its way through an environment variable."""

from typing import Any

import pytest

from jvscheduler.arguments.values import MAX_ARGS, MAX_BYTES, checked, from_text, to_text
from jvscheduler.errors import InvalidArgs

EVERY_KIND = {
    "text": 'a "quoted" $(POD_NAME) ü \n 1e3',
    "number": 1.5,
    "whole": -(2**63),
    "flag": True,
    "list": [1, [None, "x"], {}],
    "object": {"a key": {"b": []}},
}


def test_every_kind_of_json_survives_an_environment_variable() -> None:
    text = to_text(checked(EVERY_KIND))
    assert from_text(text) == EVERY_KIND
    assert text.isascii()
    assert "$" not in text, "Kubernetes would replace $(POD_NAME)"


def test_the_values_are_copied() -> None:
    given: dict[str, Any] = {"days": [1]}
    copy = checked(given)
    given["days"].append(2)
    assert copy == {"days": [1]}


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["x"], "args must be a dict"),
        ({"a b": 1}, "'a b' is no name of a parameter"),
        ({1: 1}, "1 is no name of a parameter"),
        ({"day": object}, r"args\['day'\] must be JSON, such as '2026-01-31' for a date"),
        ({"x": float("nan")}, r"args\['x'\] must be JSON"),
        ({"x": None}, "args\\['x'\\] is None, which `kubectl apply` reads as a removal"),
        ({"x": {"y": [{"z": None}]}}, "has a key whose value is None"),
        ({"x": {"k" * 257: 1}}, "a key of more than 256 characters"),
        ({"x": 2**63}, "more than 64 bits"),
        ({"x": 10**5000}, "got a huge int"),
        ({"x": ["\ud800"]}, "lone surrogate"),
        ({"x": deep(60)}, "nested deeper than 50"),
        ({"x": deep(5000)}, r"args\['x'\] must be JSON"),
        ({"x": "a" * MAX_BYTES}, f"at most {MAX_BYTES} are allowed"),
        ({f"x{i}": i for i in range(MAX_ARGS + 1)}, f"at most {MAX_ARGS} are allowed"),
    ],
)
def test_what_is_no_json_or_too_much_is_refused(args: Any, message: str) -> None:
    with pytest.raises(InvalidArgs, match=message):
        checked(args)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a b": 1}', "[" * 5000])
def test_a_text_that_holds_no_args_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgs, match="args"):
        from_text(text)
