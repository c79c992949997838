"""What becomes of the due instants between two looks at a task: each has its account. Pure.

As a CronJob does it: of several instants that nobody looked at in time at most
the latest runs, and only if it is not later than the task's starting deadline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from jvscheduler.loop.scheduling.definition import Definition
from jvscheduler.outcomes import Reason, Status, Stretch

MOST_IN_A_GAP: Final = 10_000
"""Instants in one record; more make several, so that none takes long to compute or to check."""

_MESSAGES: Final = {
    Reason.SUSPENDED: "the task was suspended",
    Reason.LOOP_DOWN: "no loop was running when it was due",
    Reason.LOOP_STALLED: "the loop looked too late: a later instant was due already",
    Reason.DEADLINE_MISSED: "it could not be started within its starting deadline",
}


@dataclass(frozen=True)
class Account:
    """`run` is the instant whose job is to start now."""

    run: datetime | None = None
    stretches: Sequence[Stretch] = ()


def account(
    definition: Definition, after: datetime, now: datetime, absence: Reason = Reason.LOOP_STALLED
) -> Account:
    """Of the instants in (after, now]; `absence` is why those that are too late were not seen."""
    pieces = tuple(accounts(definition, after, now, absence))
    return Account(
        pieces[-1].run, tuple(stretch for piece in pieces for stretch in piece.stretches)
    )


def accounts(
    definition: Definition, after: datetime, now: datetime, absence: Reason
) -> Iterator[Account]:
    """The same in pieces, none of which takes long; the last alone may have a job to start."""
    reason = absence if definition.task.enabled else Reason.SUSPENDED
    instants = definition.task.schedule.between(after, now)
    piece = tuple(islice(instants, MOST_IN_A_GAP))
    while following := tuple(islice(instants, MOST_IN_A_GAP)):
        yield Account(stretches=stretches(definition, piece, reason))
        piece = following
    yield _latest(definition, piece, now, reason)


def stretches(
    definition: Definition, instants: Sequence[datetime], reason: Reason
) -> tuple[Stretch, ...]:
    """One for all of them, if there are any."""
    if not instants:
        return ()
    stretch = Stretch(
        task_id=definition.task.task_id,
        namespace=definition.namespace,
        name=definition.name,
        status=Status.SKIPPED if reason is Reason.SUSPENDED else Status.MISSED,
        reason=reason,
        message=_MESSAGES[reason],
        first=instants[0],
        last=instants[-1],
        count=len(instants),
    )
    return (stretch,)


def is_too_late(definition: Definition, instant: datetime, now: datetime) -> bool:
    deadline = definition.starting_deadline
    return deadline is not None and now - instant > deadline


def _latest(
    definition: Definition, instants: Sequence[datetime], now: datetime, reason: Reason
) -> Account:
    if not instants or not definition.task.enabled:
        return Account(stretches=stretches(definition, instants, reason))
    *earlier, latest = instants
    missed = stretches(definition, earlier, reason)
    if is_too_late(definition, latest, now):
        late = stretches(definition, [latest], Reason.DEADLINE_MISSED)
        return Account(stretches=(*missed, *late))
    return Account(latest, missed)
