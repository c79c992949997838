"""Which tasks a loop begins to serve, keeps and gives up as ScheduledTasks change."""

import asyncio
import logging
from typing import Any, cast

import pytest

from jvscheduler.due_instants.definition import Definition
from jvscheduler_server.loop_pod.assigned_tasks import AssignedTasks
from jvscheduler_server.loop_pod.assignments import (
    Assignment,
    Changes,
    decide_changes,
    keep_definition,
    to_assignment,
)
from tests.support.server.scripted_api import Script

Spec = dict[str, Any]


def scheduled_task(loop: str | None = "loop-a", deleted: bool = False, **spec: Any) -> Spec:
    metadata = {"name": "restock", "namespace": "shop", "uid": "1", "resourceVersion": "1"}
    base = {
        "taskID": "shop.tasks.restock",
        "entrypoint": "shop.tasks:restock",
        "schedule": "every 10 seconds",
        "image": "shop:1",
    }
    return {
        "metadata": {
            **metadata,
            **({"deletionTimestamp": "2026-03-02T12:00:00Z"} if deleted else {}),
        },
        "spec": {**base, **spec},
        "status": {"loop": loop} if loop else {},
    }


def test_an_assignment_has_the_definition_of_the_spec() -> None:
    assignment = to_assignment(
        scheduled_task(
            suspend=True,
            maxConcurrency=3,
            activeDeadlineSeconds=60,
            backoffLimit=2,
            startingDeadlineSeconds=30,
            concurrencyPolicy="Replace",
        )
    )
    definition = assignment.definition
    assert definition is not None
    task = definition.task
    assert (assignment.name, assignment.loop, definition.namespace) == ("restock", "loop-a", "shop")
    assert (str(task.schedule), task.enabled, task.max_concurrent) == ("every 10 seconds", False, 3)
    assert (task.timeout_seconds, task.retry_count) == (60, 2)
    assert (task.starting_deadline_seconds, task.concurrency_policy) == (30, "Replace")


def test_a_random_interval_draws_from_the_tasks_id() -> None:
    assignment = to_assignment(scheduled_task(schedule="every 5 to 10 seconds"))
    assert assignment.definition is not None
    assert assignment.definition.task.schedule.seed == "shop.tasks.restock"


@pytest.mark.parametrize("spec", [{"schedule": "every 0 minutes"}, {"unknown": 1}])
def test_a_refused_edit_leaves_the_definition_as_it_was(spec: Spec) -> None:
    before, after = to_assignment(scheduled_task()), to_assignment(scheduled_task(**spec))
    assert after.definition is None
    assert after.refusal
    assert keep_definition(before, after).definition == before.definition


def _changes(served: Assignment | None, now: Assignment | None) -> Changes:
    known = {served.name: served.definition} if served and served.definition else {}
    return decide_changes("loop-a", [now] if now else [], known)


def serve(assignment: Assignment) -> Changes:
    assert assignment.definition is not None
    return Changes((assignment.definition,), (), ())


OURS = to_assignment(scheduled_task())
THEIRS = to_assignment(scheduled_task(loop="loop-b"))
EDITED = to_assignment(scheduled_task(schedule="every 20 seconds"))
DELETED = to_assignment(scheduled_task(deleted=True))


@pytest.mark.parametrize(
    ("served", "now", "expected"),
    [
        pytest.param(None, OURS, serve(OURS), id="assigned"),
        pytest.param(OURS, OURS, Changes((), (), ()), id="unchanged"),
        pytest.param(OURS, EDITED, serve(EDITED), id="edited"),
        pytest.param(OURS, THEIRS, Changes((), ("restock",), ()), id="handed over"),
        pytest.param(OURS, DELETED, Changes((), (), ("restock",)), id="being deleted"),
        pytest.param(OURS, None, Changes((), (), ("restock",)), id="gone"),
        pytest.param(None, THEIRS, Changes((), (), ()), id="another's"),
    ],
)
def test_a_change_of_the_cluster_is_a_change_of_the_loop(
    served: Assignment | None, now: Assignment | None, expected: Changes
) -> None:
    assert _changes(served, now) == expected


class Loop:
    """Records what it is asked to serve."""

    def __init__(self) -> None:
        self.puts: list[Definition] = []

    def put(self, definition: Definition) -> None:
        self.puts.append(definition)

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Nothing is run."""


def test_a_refused_edit_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    refused = scheduled_task(schedule="every 0 minutes")
    later = {**refused, "metadata": {**refused["metadata"], "resourceVersion": "2"}}
    edits = [{"type": "MODIFIED", "object": spec} for spec in (refused, later)]
    api, loop = Script(([scheduled_task()], "1"), edits), Loop()

    async def watch() -> None:
        tasks = AssignedTasks(api, "shop", "loop-a", cast("Any", loop), loop)
        async with tasks.watched(asyncio.Event()):
            await api.done.wait()

    with caplog.at_level(logging.WARNING, "jvscheduler.loop"):
        asyncio.run(watch())
    (message,) = caplog.messages
    assert "restock cannot be carried" in message
    assert "0" in message
    assert len(loop.puts) == 1
