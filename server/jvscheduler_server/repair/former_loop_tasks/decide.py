"""Decides which tasks a loop no longer serves, and up to when its instants need records. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from jvscheduler.history.records.revisions import ScheduleRevision
from jvscheduler_server.cluster.objects import TaskKey
from jvscheduler_server.repair.backends import is_served_by_loop

PATIENCE: Final = timedelta(minutes=1)
"""A loop that still runs ends such a task itself, or from its spool when the history is back.
The history must have answered for this long before the server does it instead."""


@dataclass(frozen=True)
class FormerTask:
    """A task that a loop served and no loop serves now."""

    name: str
    """Name of the ScheduledTask."""
    end: datetime | None
    """Since when no loop serves it. None: it ended while no server ran."""
    waiting_since: datetime
    """The history has answered from then on."""


@dataclass(frozen=True)
class Remainder:
    """The part of a former task that is not recorded yet."""

    last: ScheduleRevision
    """The loop's last revision."""
    next: ScheduleRevision | None
    """The revision after it. None: the task was deleted."""


def update_former_tasks(
    former: Mapping[TaskKey, FormerTask],
    served_before: Mapping[TaskKey, str],
    served: Mapping[TaskKey, str],
    now: datetime,
    *,
    history_was_away: bool,
) -> Mapping[TaskKey, FormerTask]:
    """Return the former tasks of now. `served…` are the names of those that a loop serves."""
    remaining = {key: task for key, task in former.items() if key not in served}
    if history_was_away:
        # A loop that was cut off from the history gets its time to write anew.
        remaining = {key: replace(t, waiting_since=now) for key, t in remaining.items()}
    new = {k: FormerTask(name, now, now) for k, name in served_before.items() if k not in served}
    return new | remaining


def remainder_of(revisions: Sequence[ScheduleRevision]) -> Remainder | None:
    """Return what is left to record. None: a loop has ended the task itself."""
    by_loop = [number for number, revision in enumerate(revisions) if is_served_by_loop(revision)]
    if not by_loop:
        return None
    following = revisions[by_loop[-1] + 1 :]
    return Remainder(revisions[by_loop[-1]], following[0] if following else None)
