"""How `dev` shows the log of the loop and the output of attempts."""

import asyncio
import logging
import os
from collections.abc import Mapping

import pytest

from jvscheduler.dev.log import LineFormatter, wants_colours
from jvscheduler.loop.log import LOG, Event, say, say_outcome
from jvscheduler.loop.worker_link.output import shown
from jvscheduler.outcomes import Status
from tests.support.history.outcomes import begun, failed


@pytest.mark.parametrize(
    ("environ", "terminal", "elsewhere"),
    [
        pytest.param({}, True, False, id="nothing set"),
        pytest.param({"NO_COLOR": ""}, True, False, id="empty"),
        pytest.param({"NO_COLOR": "1"}, False, False, id="forbidden"),
        pytest.param({"FORCE_COLOR": "1"}, True, True, id="asked for"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, id="both"),
        pytest.param({"TERM": "dumb"}, False, False, id="a terminal without colours"),
    ],
)
def test_colours_are_for_terminals_unless_the_environment_decides(
    environ: Mapping[str, str], terminal: bool, elsewhere: bool
) -> None:
    assert wants_colours(environ, is_terminal=True) is terminal
    assert wants_colours(environ, is_terminal=False) is elsewhere


@pytest.mark.parametrize(
    ("event", "colour"),
    [(Status.COMPLETED, "32"), (Status.FAILED, "31"), (Event.RETRY, "33"), (Event.NOTE, None)],
)
def test_a_line_has_the_colour_of_its_event(
    event: Event | Status, colour: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, LOG.name):
        say("a happened", event)
    (record,) = caplog.records
    shown_text = f"\x1b[{colour}ma happened\x1b[0m" if colour else "a happened"
    assert LineFormatter(coloured=True).format(record)[9:] == shown_text
    assert LineFormatter(coloured=False).format(record)[9:] == "a happened"


def test_an_outcome_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    say_outcome(failed(begun(), error_message="ValueError: no stock\nat all"))
    assert caplog.messages[0].endswith("TaskRaised: ValueError: no stock")
    assert caplog.records[0].levelno == logging.WARNING


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        pytest.param(b"one\ntwo\n", ["one", "two"], id="lines"),
        pytest.param(b"one\r\n\nno end", ["one", "", "no end"], id="no newline at the end"),
        pytest.param(b"\xff\x1b[1mbold\n", ["\ufffd\x1b[1mbold"], id="not UTF-8"),
        pytest.param(b"x" * 150_000, 150_000, id="a line without end"),
    ],
)
def test_output_is_shown_by_lines(printed: bytes, lines: list[str] | int) -> None:
    found = asyncio.run(printing(printed))
    assert (len("".join(found)) if isinstance(lines, int) else found) == lines


def test_output_is_shown_before_the_attempt_ends() -> None:
    async def first_line() -> list[str]:
        found: list[str] = []
        async with shown(found.append) as output:
            os.write(output, b"early\n")
            while not found:  # noqa: ASYNC110 - only the callback tells that the line has come
                await asyncio.sleep(0)
            return list(found)

    assert asyncio.run(first_line()) == ["early"]


def test_a_process_that_keeps_the_pipe_open_is_not_waited_for() -> None:
    async def run() -> list[str]:
        found: list[str] = []
        async with shown(found.append) as output:
            kept = os.dup(output)
            os.write(output, b"last words\n")
        os.close(kept)
        return found

    assert asyncio.run(run()) == ["last words"]


async def printing(text: bytes) -> list[str]:
    found: list[str] = []
    async with shown(found.append) as output:
        await asyncio.to_thread(write_all, output, text)
    return found


def write_all(output: int, text: bytes) -> None:
    while text:
        text = text[os.write(output, text) :]
