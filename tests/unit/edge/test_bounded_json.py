"""JSON of any depth is read, with null where it is too deep."""

import json

import pytest

from jvscheduler.edge.bounded_json import MAX_LEVELS, read_json, read_strict_json

DEEP = 10_000


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def test_one_deep_object_hides_no_other_in_the_same_answer() -> None:
    text = f'{{"items": [{deep(DEEP)}, {{"name": "b]}}\\"["}}, {"[" * DEEP}{"]" * DEEP}]}}'
    first, second, third = read_json(text.encode())["items"]
    assert second == {"name": 'b]}"['}
    for part, opened in ((first, '{"a":'), (third, "[")):
        assert json.dumps(part, separators=(",", ":")).count(opened) == MAX_LEVELS - 2


def test_a_text_that_is_not_deep_is_read_as_it_is() -> None:
    value = json.loads(deep(200))
    assert read_json(deep(200).encode()) == value


@pytest.mark.parametrize("raw", [b"[" * DEEP, b"]" * DEEP, b'"' + b"[" * DEEP, b""])
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(raw)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 4096, "too deep"),
        ("NaN", "NaN is no JSON"),
        ('{"a": Infinity}', "Infinity is no JSON"),
        ("9" * 5000, "Exceeds the limit"),
        ("{", "Expecting property name"),
    ],
)
def test_a_message_is_read_strictly(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_strict_json(text)
