"""The status and the Events of a task."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from jvscheduler_operator.objects import times
from jvscheduler_operator.objects.failures import Failure
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.tasks.events import EventRecorder, events_of
from jvscheduler_operator.tasks.plan import Applied, Blocked, Condition, OperationResult, Plan
from jvscheduler_operator.tasks.status import differs, next_schedule_time, status_of
from tests.support.operator.objects import NOON, stored_task

ACCEPTED = Condition(True, Reason.ACCEPTED, "fine")
REFUSED = Condition(False, Reason.INVALID_SCHEDULE, "spec.schedule: no")
CONFLICT = Blocked(Reason.NAME_CONFLICT, "the name is taken", timedelta(minutes=1))


def child(suspend: bool = False, **status: Any) -> dict[str, Any]:
    spec = {"schedule": "0 * * * *", "timeZone": "UTC", "suspend": suspend}
    return {"metadata": {}, "spec": spec, "status": status}


@dataclass(frozen=True)
class Case:
    name: str
    plan: Plan
    applied: Applied
    conditions: dict[str, tuple[str, str]]


CASES = [
    Case(
        "in order",
        Plan(ACCEPTED),
        Applied(child()),
        {"Accepted": ("True", "Accepted"), "Ready": ("True", "CronJobReady")},
    ),
    Case(
        "suspended",
        Plan(ACCEPTED),
        Applied(child(suspend=True)),
        {
            "Accepted": ("True", "Accepted"),
            "Ready": ("True", "CronJobReady"),
            "Suspended": ("True", "SuspendedBySpec"),
        },
    ),
    Case(
        "refused",
        Plan(REFUSED),
        Applied(None),
        {"Accepted": ("False", "InvalidSchedule"), "Ready": ("False", "NotAccepted")},
    ),
    Case(
        "blocked",
        Plan(ACCEPTED, blocked=CONFLICT),
        Applied(None),
        {"Accepted": ("True", "Accepted"), "Ready": ("False", "NameConflict")},
    ),
    Case(
        "failed",
        Plan(ACCEPTED),
        Applied(None, failure=Failure("denied")),
        {"Accepted": ("True", "Accepted"), "Ready": ("False", "ApplyFailed")},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_conditions(case: Case) -> None:
    status = status_of(stored_task(), case.plan, case.applied, NOON)
    reported = {c["type"]: (c["status"], c["reason"]) for c in status["conditions"]}
    assert reported == case.conditions


def test_the_status_describes_the_cron_job() -> None:
    seen = child(lastScheduleTime="2026-03-02T12:00:00Z", active=[{"name": "a"}, {"name": "b"}])
    status = status_of(stored_task(metadata={"generation": 4}), Plan(ACCEPTED), Applied(seen), NOON)
    assert status["observedGeneration"] == 4
    assert status["backend"] == "CronJob"
    assert status["active"] == 2
    assert status["lastScheduleTime"] == "2026-03-02T12:00:00Z"
    assert status["nextScheduleTime"] == "2026-03-02T13:00:00Z"


@pytest.mark.parametrize(
    "seen", [None, child(suspend=True), {"spec": {"schedule": "edited to nonsense"}}]
)
def test_there_is_no_next_time(seen: Manifest | None) -> None:
    assert next_schedule_time(stored_task(), Plan(ACCEPTED), Applied(seen), NOON) is None


def reported_before(status: Manifest, minutes: int = 5) -> dict[str, Any]:
    """The task with that status, written some minutes ago."""
    since = times.to_text(NOON - timedelta(minutes=minutes))
    conditions = [{**c, "lastTransitionTime": since} for c in status["conditions"]]
    return {**stored_task(), "status": {**status, "conditions": conditions}}


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    task = reported_before(status_of(stored_task(), Plan(ACCEPTED), Applied(child()), NOON))
    status = status_of(task, Plan(ACCEPTED), Applied(None, failure=Failure("denied")), NOON)
    since = {c["type"]: c["lastTransitionTime"] for c in status["conditions"]}
    assert since == {"Accepted": "2026-03-02T11:55:30Z", "Ready": "2026-03-02T12:00:30Z"}


def test_the_same_status_is_not_written_again() -> None:
    task = reported_before(status_of(stored_task(), Plan(ACCEPTED), Applied(child()), NOON))
    again = status_of(task, Plan(ACCEPTED), Applied(child()), NOON)
    assert not differs(task, again)
    assert differs(task, status_of(task, Plan(ACCEPTED), Applied(child(suspend=True)), NOON))


def test_status_fields_of_others_are_no_difference() -> None:
    task = reported_before(status_of(stored_task(), Plan(ACCEPTED), Applied(child()), NOON))
    task["status"]["lastSuccessfulTime"] = "2026-03-02T11:00:00Z"
    assert not differs(task, status_of(task, Plan(ACCEPTED), Applied(child()), NOON))


def test_the_servers_condition_and_counts_are_no_difference() -> None:
    plan = Plan(ACCEPTED, backend="Loop", loop="a-loop")
    task = reported_before(status_of(stored_task(), plan, Applied(None), NOON))
    failing = {"type": "Failing", "status": "True", "reason": "TaskRaised", "message": "no"}
    task["status"]["conditions"].append({**failing, "lastTransitionTime": "2026-03-02T11:00:00Z"})
    task["status"] |= {"active": 2, "lastScheduleTime": "2026-03-02T11:00:00Z"}
    again = status_of(task, plan, Applied(None), NOON)
    assert not differs(task, again)
    assert not {"active", "lastScheduleTime"} & again.keys()
    assert [c["type"] for c in again["conditions"]] == ["Accepted", "Ready"]


CREATED = Applied(child(), OperationResult.CREATED)
UPDATED = Applied(child(), OperationResult.UPDATED)


def reasons(task: Manifest, plan: Plan, applied: Applied) -> list[tuple[str, str]]:
    status = status_of(task, plan, applied, NOON)
    events = events_of(EventRecorder(task, NOON, "host"), status, applied)
    return [(event["type"], event["reason"]) for event in events]


@pytest.mark.parametrize(
    ("plan", "applied", "expected"),
    [
        (
            Plan(ACCEPTED),
            Applied(child(), OperationResult.CREATED),
            [("Normal", "SuccessfulCreate")],
        ),
        (
            Plan(ACCEPTED),
            Applied(child(), OperationResult.UPDATED),
            [("Normal", "SuccessfulUpdate")],
        ),
        (Plan(ACCEPTED), Applied(child()), []),
        (Plan(REFUSED), Applied(None), [("Warning", "InvalidSchedule")]),
        (Plan(ACCEPTED, blocked=CONFLICT), Applied(None), [("Warning", "NameConflict")]),
        (Plan(ACCEPTED), Applied(None, failure=Failure("denied")), [("Warning", "ApplyFailed")]),
    ],
    ids=["created", "updated", "in order", "refused", "blocked", "failed"],
)
def test_events(plan: Plan, applied: Applied, expected: list[tuple[str, str]]) -> None:
    assert reasons(stored_task(), plan, applied) == expected


def test_a_failure_is_an_event_once() -> None:
    failed = Applied(None, failure=Failure("denied"))
    task = reported_before(status_of(stored_task(), Plan(ACCEPTED), failed, NOON))
    assert reasons(task, Plan(ACCEPTED), failed) == []
    assert reasons(task, Plan(ACCEPTED, blocked=CONFLICT), Applied(None)) == [
        ("Warning", "NameConflict")
    ]
