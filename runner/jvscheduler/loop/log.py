"""The loop's log: one line for each thing that happens, as a record of `logging`.

An application that has a loop inside shows the lines with its own. `dev` adds the time, and
chooses a colour by the `event` of the record.
"""

import logging
from enum import StrEnum
from typing import Final

from jvscheduler.outcomes import Outcome, Status, summary

LOG: Final = logging.getLogger("jvscheduler.loop")


class Event(StrEnum):
    """The subject of a line. A line about an outcome has the outcome's status instead."""

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
    # Only the first line of the error: the task's output has the others.
    say(f"{outcome.task_id} {summary(outcome).partition(chr(10))[0]}", outcome.status)
