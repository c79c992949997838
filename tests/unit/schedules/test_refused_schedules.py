"""Every refusal names the position and what was expected, and a form that says the same."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from jvscheduler import parse_schedule
from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules.nearest import EXAMPLES

TABLE = Path(__file__).with_name("refused_schedules.txt")
UNSAYABLE = Path(__file__).with_name("unsayable_schedules.txt")
MEANT = Path(__file__).with_name("meant_schedules.txt")


class Refused(NamedTuple):
    text: str
    position: int
    expected: str
    nearest: str


def rows() -> list[Refused]:
    lines = TABLE.read_text(encoding="ascii").splitlines()[1:]
    cells = [line.split(" | ") for line in lines]
    return [
        Refused(text.encode().decode("unicode_escape"), int(position), expected, nearest)
        for text, position, expected, nearest in cells
    ]


@pytest.mark.parametrize("row", rows(), ids=lambda row: ascii(row.text))
def test_a_text_is_refused(row: Refused) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule(row.text)
    message = str(refused.value)
    assert f"at position {row.position}" in message
    assert f"expected {row.expected}" in message
    assert suggestion(row.text) == (None if row.nearest == "-" else row.nearest)
    assert len(message) < 400


def suggestion(text: str) -> str | None:
    """Return the form that the error suggests. None: it shows examples instead."""
    with pytest.raises(InvalidSchedule) as refused:
        parse_schedule(text)
    place, _, near = str(refused.value).partition("; nearest form: ")
    if not near:
        assert place.endswith("; examples: " + EXAMPLES)
        return None
    assert str(parse_schedule(near.strip("'"))) == near.strip("'")
    return near.strip("'")


def test_the_examples_are_schedules() -> None:
    for example in EXAMPLES.split(", "):
        assert repr(str(parse_schedule(example.strip("'")))) == example


@pytest.mark.parametrize("text", UNSAYABLE.read_text().splitlines())
def test_what_no_form_says_is_answered_with_examples(text: str) -> None:
    assert suggestion(text) is None


@pytest.mark.parametrize("row", MEANT.read_text().splitlines())
def test_what_a_form_says_is_answered_with_that_form(row: str) -> None:
    text, meant = row.split(" | ")
    assert suggestion(text) == meant


LEFT_OUT = ("except sunday", "but not on friday", "until friday", "unless it rains", "for 3 days")


@pytest.mark.parametrize("rest", LEFT_OUT)
@pytest.mark.parametrize("form", [*EXAMPLES.replace("'", "").split(", ")[:3], "hourly", "weekly"])
def test_a_condition_is_never_left_out(form: str, rest: str) -> None:
    assert suggestion(f"{form} {rest}") is None
    assert suggestion(f"{form}, {rest}") is None
    assert suggestion(f"{rest}, {form}") is None


def test_the_table_is_long() -> None:
    assert len({row.text for row in rows()}) >= 150


@pytest.mark.parametrize(
    "text",
    ["a" * 513, "* " * 300, "daily " + " " * 9994, "x" * 10_000, "1," * 5000, "\u0665" * 10_000],
)
def test_a_text_that_is_too_long_is_refused_without_reading_it(text: str) -> None:
    with pytest.raises(InvalidSchedule, match="position 513: expected at most 512") as refused:
        parse_schedule(text)
    assert len(str(refused.value)) < 400


def refuse(text: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_schedule(text)


def calls(work: Callable[[], object]) -> int:
    """Count the calls of functions, both Python's and C's."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("start", "part", "end"),
    [
        ("every monday", " and monday", " at 09:00"),
        ("0", ",1", " * * * *"),
        ("0", ",1-3/2", " * * * *"),
        ("every 5 minutes", " ", "at"),
        ("", "\t", "daily"),
        ("0", ",", "x * * * *"),
        ("*", "/2", " * * * *"),
        ("1", "-2", " * * * *"),
        ("tz=", "x", " daily"),
        ("", "\u0665", ""),
        ("every ", "9", " minutes"),
        ("", "2 times a day ", ""),
        ("on ", "mondays or ", "fridays"),
        ("every ", "1h30m", ""),
        ("between ", "5 and ", "10 minutes"),
    ],
)
def test_the_work_grows_as_the_text_does(start: str, part: str, end: str) -> None:
    def work(count: int) -> Callable[[], object]:
        return partial(refuse, f"{start}{part * count}{end} !")

    half = (500 - len(start + end)) // len(part) // 2
    assert calls(work(2 * half)) < 2.2 * calls(work(half)) + 200
