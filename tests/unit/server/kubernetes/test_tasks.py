"""ScheduledTasks become the server's own values."""

from typing import Any

import pytest

from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.kubernetes.tasks import to_task_state
from tests.support.history.outcomes import NOON


def scheduled_task(**status: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "restock", "namespace": "shop"},
        "spec": {"taskID": "shop.tasks.restock", "schedule": "daily", "suspend": True},
        "status": status,
    }


def condition(kind: str, status: str, reason: str = "Ok", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def test_a_scheduled_task_has_its_definition_and_the_operators_status() -> None:
    good = [condition("Accepted", "True"), condition("Ready", "True")]
    status = {"nextScheduleTime": "2026-03-02T12:00:00Z", "resolvedSchedule": "7 3 * * *"}
    task = to_task_state(scheduled_task(conditions=good, **status))
    assert task == TaskState(
        task_id="shop.tasks.restock",
        name="restock",
        namespace="shop",
        schedule="daily",
        suspended=True,
        next_schedule_time=NOON,
        resolved_schedule="7 3 * * *",
    )


def test_a_task_whose_id_an_older_one_has_is_conflicting() -> None:
    accepted = condition("Accepted", "False", "Conflict", "restock-2 is older")
    task = to_task_state(scheduled_task(conditions=[accepted]))
    assert task is not None
    assert (task.is_conflicting, task.reason) == (True, "Conflict: restock-2 is older")


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ([], "the operator has not looked at it yet"),
        (
            [condition("Accepted", "False", "InvalidSchedule", "no such form")],
            "InvalidSchedule: no such form",
        ),
        (
            [condition("Accepted", "True"), condition("Ready", "False", "Conflict", "not ours")],
            "Conflict: not ours",
        ),
    ],
)
def test_a_task_that_is_not_ready_has_the_reason(
    conditions: list[dict[str, str]], reason: str
) -> None:
    task = to_task_state(scheduled_task(conditions=conditions))
    assert task is not None
    assert (task.ready, task.reason) == (False, reason)


def test_a_task_that_a_finalizer_keeps_after_its_deletion_is_none() -> None:
    task = scheduled_task()
    task["metadata"]["deletionTimestamp"] = "2026-03-02T12:00:00Z"
    assert to_task_state(task) is None
