"""The jitter of a task: each of its jobs starts some time after its due instant.

The delay is computed from the task's id and the due instant. So it is the same wherever it is
computed, and after a restart, and tasks that are due together start apart.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.errors import InvalidSchedule
from jvscheduler.schedules.schedule import Schedule

MAX_JITTER: Final = 3600
"""Seconds. A pod waits for the rest of them, and holds what it has requested."""


def start_delay(task_id: str, due: datetime, jitter_seconds: int) -> timedelta:
    """Return the time from the due instant to the start: from 0 up to, but not, the jitter."""
    digest = hashlib.sha256(f"{task_id} {due.timestamp():.6f}".encode()).digest()
    drawn = int.from_bytes(digest[:6]) / 2**48
    return timedelta(seconds=jitter_seconds * drawn)


def check_jitter(schedule: Schedule, jitter_seconds: int) -> None:
    """Raises InvalidSchedule when a job could start after the next one is due."""
    gap = schedule.shortest_gap() if jitter_seconds else None
    if gap is not None and jitter_seconds >= gap.total_seconds():
        raise InvalidSchedule(
            f"{jitter_seconds} s of jitter are too many for {schedule.text!r}, which is due again "
            f"after {gap.total_seconds():g} s: a job would start when the next one is due already"
        )
