"""The loop's log: one line for each thing that happens, as a record of `logging`.

An application that has a loop inside shows the lines with its own. `dev` adds the time, and
chooses a colour by the `event` of the record.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from jvscheduler.outcomes import Outcome, Status, one_line, summary

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


def say(
    text: str, event: Event | Status = Event.NOTE, context: Mapping[str, object] | None = None
) -> None:
    """`context` names what it is about, with names of `logs.lines.CONTEXT`."""
    level = logging.WARNING if event in _WARNINGS else logging.INFO
    LOG.log(level, "%s", text, extra={**(context or {}), "event": event})


def say_problem(text: str) -> None:
    say(text, Event.PROBLEM)


def job_label(task_id: str, scheduled_time: datetime | None) -> str:
    """The job's name in a line: `shop.tasks.restock@14:30:00`. Several jobs of a task may run."""
    if scheduled_time is None:
        return task_id
    return f"{task_id}@{scheduled_time.astimezone():%H:%M:%S}"


def say_unrecorded(name: str, problem: str) -> None:
    say(f"what was due of {name} before this loop has no record: {problem}", Event.PROBLEM)


def say_outcome(outcome: Outcome) -> None:
    # Only the first line of the error: the task's output has the others.
    text = one_line(summary(outcome).partition(chr(10))[0])
    label = job_label(outcome.task_id, outcome.scheduled_time)
    say(f"{label} {text}", outcome.status, context_of(outcome))


def context_of(outcome: Outcome) -> Mapping[str, object]:
    return {
        "task_id": outcome.task_id,
        "job": outcome.job_name,
        "attempt": outcome.attempt_id,
        **({"reason": outcome.reason} if outcome.reason else {}),
    }
