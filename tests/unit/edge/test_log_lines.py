"""The end of a container's log, in place of a termination message."""

from datetime import UTC, datetime

import pytest

from jvscheduler.edge.log_lines import is_log, text_of
from jvscheduler.logs.lines import Entry, Form, Lines

LINE = Lines(Form.JSON).line(Entry(datetime.now(UTC), "error", "x", "the variable\nis not set"))


def test_of_our_lines_the_messages_are_shown() -> None:
    assert text_of(f"printed\n{LINE}\n") == "printed\nthe variable\nis not set"
    assert is_log(LINE)


@pytest.mark.parametrize(
    "text",
    ["", "plain", '{"time":', '{"time":' + "[" * 5000, '{"time":1}', '{"time":1,"message":[1]}'],
)
def test_any_other_text_stays(text: str) -> None:
    assert text_of(text) == text
    assert not is_log(text)


def test_what_has_the_form_of_a_secret_is_hidden() -> None:
    assert text_of("no postgresql://u:hunter2@db") == "no postgresql://u:***@db"
