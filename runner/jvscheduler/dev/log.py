"""How `dev` shows what the loop tells: on stderr, with the time, coloured by what it is about.

Colours are those of https://no-color.org and of Python itself: NO_COLOR forbids
them, FORCE_COLOR asks for them, else a terminal has them.
"""

import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from jvscheduler.loop.log import LOG, Event
from jvscheduler.outcomes import Status

_GREY, _RED, _GREEN, _YELLOW, _BLUE, _PURPLE = "90", "31", "32", "33", "34", "35"
_COLOURS: Final[Mapping[str, str]] = {
    Event.PROBLEM: _RED,
    Event.DUE: _GREY,
    Event.STARTED: _BLUE,
    Event.RETRY: _YELLOW,
    Status.COMPLETED: _GREEN,
    Status.FAILED: _RED,
    Status.TIMEOUT: _PURPLE,
    Status.SKIPPED: _YELLOW,
    Status.MISSED: _YELLOW,
}


class LineFormatter(logging.Formatter):
    def __init__(self, *, coloured: bool) -> None:
        super().__init__()
        self._colours = _COLOURS if coloured else {}

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone()
        colour = self._colours.get(getattr(record, "event", ""))
        text = super().format(record)
        return f"{time:%H:%M:%S} " + (f"\x1b[{colour}m{text}\x1b[0m" if colour else text)


def show_log(*, coloured: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(coloured=coloured))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def wants_colours(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return is_terminal and environ.get("TERM") != "dumb"
