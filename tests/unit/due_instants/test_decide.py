"""Of the instants in a period, at most the latest one runs. Every other one is in a stretch."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from jvscheduler.due_instants import decide as rules
from jvscheduler.due_instants.decide import decide, decide_in_parts, stretches_between
from jvscheduler.due_instants.definition import Definition, definition_of, revision_of
from jvscheduler.outcomes import Reason, Stretch
from jvscheduler.schedules import parse_schedule
from jvscheduler.tasks import Task

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def definition(*, enabled: bool = True, deadline: timedelta | None = None) -> Definition:
    schedule = parse_schedule("every minute", seed="shop.tasks.restock")
    task = Task(
        "shop.tasks.restock",
        "shop.tasks:restock",
        schedule=schedule,
        enabled=enabled,
        starting_deadline_seconds=None if deadline is None else int(deadline.total_seconds()),
    )
    return Definition("restock", "shop", task)


def facts(stretch: Stretch) -> tuple[Reason, datetime, int]:
    return stretch.reason, stretch.first, stretch.count


@dataclass(frozen=True)
class Case:
    definition: Definition
    until: timedelta
    start: timedelta | None
    stretches: tuple[tuple[Reason, timedelta, int], ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(definition(), MINUTE / 2, None), id="nothing was due"),
        pytest.param(Case(definition(), MINUTE, MINUTE), id="one instant runs"),
        pytest.param(
            Case(definition(), 3 * MINUTE, 3 * MINUTE, ((Reason.LOOP_STALLED, MINUTE, 2),)),
            id="of several the latest runs",
        ),
        pytest.param(
            Case(definition(enabled=False), 3 * MINUTE, None, ((Reason.SUSPENDED, MINUTE, 3),)),
            id="a suspended task has no run",
        ),
        pytest.param(
            Case(
                definition(deadline=MINUTE / 4),
                2.5 * MINUTE,
                None,
                ((Reason.LOOP_STALLED, MINUTE, 1), (Reason.DEADLINE_MISSED, 2 * MINUTE, 1)),
            ),
            id="the latest is past its deadline",
        ),
    ],
)
def test_at_most_the_latest_instant_runs(case: Case) -> None:
    decision = decide(case.definition, NOON, NOON + case.until)
    assert decision.start == (None if case.start is None else NOON + case.start)
    expected = [(reason, NOON + first, count) for reason, first, count in case.stretches]
    assert [facts(stretch) for stretch in decision.stretches] == expected


def test_a_long_period_is_decided_in_parts_and_only_the_last_part_starts_a_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "MOST_IN_A_STRETCH", 4)
    parts = list(decide_in_parts(definition(), NOON, NOON + 10 * MINUTE, Reason.LOOP_DOWN))
    assert [sum(s.count for s in part.stretches) for part in parts] == [4, 4, 1]
    assert [part.start for part in parts] == [None, None, NOON + 10 * MINUTE]


def test_of_a_period_that_no_loop_saw_no_instant_runs() -> None:
    (stretches,) = stretches_between(definition(), NOON, NOON + 3 * MINUTE)
    assert [facts(stretch) for stretch in stretches] == [(Reason.LOOP_DOWN, NOON + MINUTE, 3)]


def test_a_revision_describes_its_definition() -> None:
    known = definition(deadline=MINUTE)
    revision = revision_of(known, NOON)
    assert definition_of(revision, known.name, known.task.entrypoint) == known
