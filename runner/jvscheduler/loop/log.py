"""What the loop tells: a line for each thing that happens, as a record of `logging`.

An application with a loop inside shows it as it shows its own; `dev` adds the
time, and colours by the `event` that the record carries.
"""

import logging
from enum import StrEnum
from typing import Final

from jvscheduler.outcomes import Outcome, Status, summary

LOG: Final = logging.getLogger("jvscheduler.loop")


class Event(StrEnum):
    """What a line is about, apart from an outcome: that is its status."""

    NOTE = "note"
    PROBLEM = "problem"
    DUE = "due"
    STARTED = "started"
    RETRY = "retry"
    OUTPUT = "output"


_WARNINGS: Final = {Event.PROBLEM, Status.FAILED, Status.TIMEOUT, Status.MISSED, Status.SKIPPED}


def say(text: str, event: Event | Status = Event.NOTE) -> None:
    level = logging.WARNING if event in _WARNINGS else logging.INFO
    LOG.log(level, "%s", text, extra={"event": event})


def say_outcome(outcome: Outcome) -> None:
    """Without the lines of its error that follow the first: the task's output has them."""
    say(f"{outcome.task_id} {summary(outcome).partition(chr(10))[0]}", outcome.status)
