"""One event as one line, whatever its texts are."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jvscheduler.logs.lines import CONTEXT, MAX_LINE_BYTES, Entry, Form, Lines
from jvscheduler.redaction import Redactor

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOSTILE = (
    'ok\n{"time":"2026-01-02T12:00:00.000Z","level":"info","message":"forged"}',
    "ok\r2026-01-02T12:00:00.000Z ERROR forged",
    "ok\u2028forged",
    "ok\u0085forged\x0bforged\x0cforged\x1cforged",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b2J",
    "\u202eright to left",
    "a lone surrogate \ud800",
    "\x00\x7f",
    "\\u000a",
    "x" * 1_000_000,
    "\x01" * 100_000,
    "\N{PILE OF POO}" * 100_000,
)
texts = st.one_of(st.text(), st.text(st.characters(categories=["C", "Z"])))


def entry(message: str, **context: object) -> Entry:
    return Entry(NOON, "warning", "jvscheduler.loop", message, context)


def test_json_has_the_event_and_what_it_is_about() -> None:
    lines = Lines(Form.JSON, context={"namespace": "shop", "pod": "loop-1"})
    found = json.loads(lines.line(entry("failed", task_id="restock", pod="other")))
    assert found == {
        "time": "2026-01-02T12:00:00.000Z",
        "level": "warning",
        "logger": "jvscheduler.loop",
        "namespace": "shop",
        "pod": "other",
        "task_id": "restock",
        "message": "failed",
    }


def test_text_is_for_people() -> None:
    line = Lines().line(entry("failed", task_id="restock"))
    assert line == "2026-01-02T12:00:00.000Z WARNING jvscheduler.loop: failed"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("form", Form)
def test_no_text_makes_a_second_line_or_changes_a_terminal(form: Form, text: str) -> None:
    check_line(form, text)


@given(texts)
@pytest.mark.parametrize("form", Form)
def test_no_generated_text_does(form: Form, text: str) -> None:
    check_line(form, text)


def check_line(form: Form, text: str) -> None:
    about = dict.fromkeys(CONTEXT, text)
    line = Lines(form, context={"pod": text}).line(entry(text, **about))
    assert line.isprintable()
    line.encode()
    if form is Form.JSON:
        assert line.isascii()
        assert len(line) <= MAX_LINE_BYTES
        assert json.loads(line)["logger"] == "jvscheduler.loop"
    else:
        assert len(line.encode()) < 100_000


def test_the_message_of_json_is_the_text_itself() -> None:
    text = "two\nlines, \x1b[0m and ü"
    assert json.loads(Lines(Form.JSON).line(entry(text)))["message"] == text


@pytest.mark.parametrize("text", [*HOSTILE, "Traceback:\n  File x\nValueError: no\n"])
def test_a_traceback_is_part_of_its_event(text: str) -> None:
    failed = Entry(NOON, "error", "x", "it failed", traceback=text)
    assert json.loads(Lines(Form.JSON).line(failed))["message"] == "it failed"
    head, *rest = Lines().line(failed).split("\n")
    assert head == "2026-01-02T12:00:00.000Z ERROR x: it failed"
    assert all(line.startswith("    ") and line.isprintable() for line in rest)


@pytest.mark.parametrize("form", Form)
def test_secrets_are_in_no_part_of_a_line(form: Form) -> None:
    secret = "s3cr3t value"  # noqa: S105 - hidden below
    lines = Lines(form, Redactor([secret]), context={"pod": secret})
    failed = Entry(NOON, "error", "x", f"no {secret}", {"task": secret}, f"ValueError: {secret}\n")
    line = lines.line(failed)
    assert "s3cr3t" not in line
    assert "***" in line


def test_a_secret_is_found_across_the_cut_of_a_long_text() -> None:
    secret = "abcdefghij" * 30
    lines = Lines(Form.JSON, Redactor([secret]))
    for length in range(8000, 8400, 7):
        found: dict[str, Any] = json.loads(lines.line(entry("x" * length + secret + "y" * 20_000)))
        assert re.fullmatch(r"x+(\*\*\*)?y*…", found["message"])
