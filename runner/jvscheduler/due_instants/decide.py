"""Decides what becomes of the instants that came due in a period: each one gets a record.

The rule is a CronJob's. When several instants came due and no loop looked in time, at most
the latest one runs, and only within the task's starting deadline. The others are recorded
as missed or skipped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from jvscheduler.due_instants.definition import Definition
from jvscheduler.outcomes import Reason, Status, Stretch

MOST_IN_A_STRETCH: Final = 10_000
"""Instants in one record. A longer period becomes several records, so that no single step
takes long to compute or to verify."""

_MESSAGES: Final = {
    Reason.SUSPENDED: "the task was suspended",
    Reason.LOOP_DOWN: "no loop was running when it was due",
    Reason.LOOP_STALLED: "the loop looked too late: a later instant was due already",
    Reason.DEADLINE_MISSED: "it could not be started within its starting deadline",
}


@dataclass(frozen=True)
class DueDecision:
    start: datetime | None = None
    """The due instant whose job starts now."""
    stretches: Sequence[Stretch] = ()
    """The due instants that do not run."""


def decide(
    definition: Definition, after: datetime, now: datetime, absence: Reason = Reason.LOOP_STALLED
) -> DueDecision:
    """The decision for the instants in (after, now].

    `absence` is the reason of an instant that no loop looked at in time.
    """
    parts = tuple(decide_in_parts(definition, after, now, absence))
    return DueDecision(
        parts[-1].start, tuple(stretch for part in parts for stretch in part.stretches)
    )


def decide_in_parts(
    definition: Definition, after: datetime, now: datetime, absence: Reason
) -> Iterator[DueDecision]:
    """The same decision in parts, oldest first. Only the last part may start a job.

    A long downtime has many instants. The caller gives way to other work between two parts.
    """
    reason = absence if definition.task.enabled else Reason.SUSPENDED
    instants = definition.task.schedule.between(after, now)
    part = tuple(islice(instants, MOST_IN_A_STRETCH))
    while following := tuple(islice(instants, MOST_IN_A_STRETCH)):
        yield DueDecision(stretches=stretches_of(definition, part, reason))
        part = following
    yield _decide_last_part(definition, part, now, reason)


def without_start(definition: Definition, decision: DueDecision, reason: Reason) -> DueDecision:
    """The same decision, but the instant that would start a job does not run either."""
    if decision.start is None:
        return decision
    last = decision.stretches[-1] if decision.stretches else None
    if last is not None and last.reason is reason:
        longer = replace(last, last=decision.start, count=last.count + 1)
        return DueDecision(stretches=(*decision.stretches[:-1], longer))
    single = stretches_of(definition, [decision.start], reason)
    return DueDecision(stretches=(*decision.stretches, *single))


def stretches_between(
    definition: Definition, after: datetime, end: datetime
) -> Iterator[Sequence[Stretch]]:
    """Records for all instants in (after, end], in parts: no loop saw them and none will run."""
    for part in decide_in_parts(definition, after, end, Reason.LOOP_DOWN):
        yield without_start(definition, part, Reason.LOOP_DOWN).stretches


def stretches_of(
    definition: Definition, instants: Sequence[datetime], reason: Reason
) -> tuple[Stretch, ...]:
    """One stretch for all the instants; none when there are no instants."""
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


def _decide_last_part(
    definition: Definition, instants: Sequence[datetime], now: datetime, reason: Reason
) -> DueDecision:
    if not instants or not definition.task.enabled:
        return DueDecision(stretches=stretches_of(definition, instants, reason))
    *earlier, latest = instants
    missed = stretches_of(definition, earlier, reason)
    if _is_past_deadline(definition, latest, now):
        late = stretches_of(definition, [latest], Reason.DEADLINE_MISSED)
        return DueDecision(stretches=(*missed, *late))
    return DueDecision(latest, missed)


def _is_past_deadline(definition: Definition, instant: datetime, now: datetime) -> bool:
    seconds = definition.task.starting_deadline_seconds
    return seconds is not None and now - instant > timedelta(seconds=seconds)
