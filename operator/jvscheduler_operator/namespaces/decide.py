"""Decides what the tasks of a namespace report of its history. Pure: the time is an argument."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

REPORT_AFTER: Final = timedelta(seconds=30)
"""A restart of the database, or the preparation of a new one, is shorter. Its report would be
two writes for each task, and an Event."""

AGAIN: Final = timedelta(minutes=10)
"""A role may change its own password. That shuts out only its own namespace, until the next pass
sets the password again."""


@dataclass(frozen=True)
class Attempts:
    """What this process knows of its calls for one namespace."""

    was_made: bool = False
    """True when a call has succeeded. What was made once stays."""
    failing_since: datetime | None = None

    def succeeded(self) -> "Attempts":
        return Attempts(was_made=True)

    def failed(self, now: datetime) -> "Attempts":
        return Attempts(self.was_made, self.failing_since or now)


def report(attempts: Attempts, problem: str, now: datetime) -> str | None:
    """The text for the condition of the namespace's tasks; None when there is nothing to say."""
    since = attempts.failing_since
    if attempts.was_made or since is None or now - since < REPORT_AFTER:
        return None
    return (
        f"The namespace's part of the history could not be made: {problem}. Jobs run all the "
        "same, and the server records how they ended when the database is back"
    )
