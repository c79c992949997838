"""Shows the loop's log on stderr, with the time, in a colour for each kind of line.

The environment decides about colours, as for Python itself and by
https://no-color.org: NO_COLOR turns them off and FORCE_COLOR turns them on.
Without either, a terminal has colours and a file has none.
"""

import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from jvscheduler.logs.lines import shown
from jvscheduler.loop.log import LOG, Event
from jvscheduler.outcomes import Status
from jvscheduler.redaction import FORMS_ONLY

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
        event = getattr(record, "event", "")
        colour = self._colours.get(event)
        text = super().format(record)
        if event != Event.OUTPUT:  # what a task prints is shown as it is
            text = shown(FORMS_ONLY, text)
        return f"{time:%H:%M:%S} " + (f"\x1b[{colour}m{text}\x1b[0m" if colour else text)


def show_log(*, coloured: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(coloured=coloured))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def wants_colours(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """True when the log should be coloured."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return is_terminal and environ.get("TERM") != "dumb"
