"""The stop of a scheduler without a cluster explains what it would have recorded, and no more."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from jvscheduler.history.records.presences import SchedulerPresence, stop_time, superseded
from tests.support.history.stories import REPORT, RESTOCK, minutes, presence

SECOND = timedelta(seconds=1)


def stopped(key: str, at: float, **changes: Any) -> SchedulerPresence:
    return presence(key, heartbeat_time=minutes(at), stop_time=minutes(at), **changes)


def heard(key: str, at: float, **changes: Any) -> SchedulerPresence:
    return presence(key, heartbeat_time=minutes(at), **changes)


@dataclass(frozen=True)
class Case:
    name: str
    presences: list[SchedulerPresence] = field(default_factory=list)
    stop: datetime | None = None


CASES = [
    Case("no scheduler", []),
    Case("it runs", [heard("one", 5)]),
    Case("it stopped", [stopped("one", 5)], minutes(5)),
    Case("another one stopped", [stopped("one", 5, tasks=[REPORT])]),
    Case("both stopped", [stopped("one", 5), stopped("two", 7)], minutes(7)),
    Case("the other one runs", [stopped("one", 5), heard("two", 9)]),
    Case("the other one's heartbeat is due", [stopped("one", 5), heard("two", 4.8)]),
    Case("the other one was killed before", [stopped("one", 5), heard("two", 4)], minutes(5)),
    Case("the other one was killed later", [stopped("one", 5), heard("two", 6)]),
    Case(
        "the other one has other tasks",
        [stopped("one", 5), heard("two", 9, tasks=[REPORT])],
        minutes(5),
    ),
    Case("it serves several", [stopped("one", 5, tasks=[REPORT, RESTOCK])], minutes(5)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_task_is_unserved_since_its_last_scheduler_has_stopped(case: Case) -> None:
    assert stop_time(case.presences, RESTOCK) == case.stop
    assert stop_time(reversed(case.presences), RESTOCK) == case.stop


def test_a_row_is_superseded_when_another_process_serves_all_its_tasks() -> None:
    own = heard("own", 9, tasks=[RESTOCK])
    needless = [stopped("one", 5), heard("two", 5), heard("three", 8.9)]
    kept = [heard("four", 8.9), stopped("five", 5, tasks=[RESTOCK, REPORT])]
    dead = {needless[2].id}
    found = superseded([own, *needless, *kept], own, dead, minutes(9) + SECOND)
    assert list(found) == needless
