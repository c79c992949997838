"""What an apply would do, by what the API server says."""

from collections.abc import Mapping
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler.delivery.plan import Change, Manifest, Seen, Step, plan
from jvscheduler.delivery.waiting import verdict


def manifest(task_id: str = "a", application: str | None = "shop", **spec: Any) -> dict[str, Any]:
    labels = {names.APPLICATION_LABEL: application} if application else {}
    whole = {"taskID": task_id, "schedule": "daily", "entrypoint": f"shop:{task_id}", **spec}
    return {"metadata": {"name": task_id, "labels": labels}, "spec": whole}


def edited_by(manager: str, task: dict[str, Any], *fields: str) -> dict[str, Any]:
    owned: dict[str, Any] = {"f:spec": {f"f:{field}": {} for field in fields}}
    entry = {"manager": manager, "fieldsV1": owned}
    return {**task, "metadata": {**task["metadata"], "managedFields": [entry]}}


def steps(*seen: Seen, labelled: tuple[Manifest, ...] = ()) -> Mapping[str, Step]:
    return {step.task_id: step for step in plan(seen, labelled).steps}


def test_each_task_has_one_step() -> None:
    same, new, changed = manifest("same"), manifest("new"), manifest("changed", schedule="hourly")
    found = steps(
        Seen(same, same, same),
        Seen(new, None, new),
        Seen(changed, manifest("changed"), changed),
        labelled=(manifest("same"), manifest("gone"), manifest("changed")),
    )
    assert {task_id: step.action for task_id, step in found.items()} == {
        "same": "keep",
        "new": "create",
        "changed": "change",
        "gone": "remove",
    }
    assert found["changed"].changes == (Change("spec.schedule", "daily", "hourly", None),)


def test_nothing_to_do_is_an_empty_plan() -> None:
    assert plan([Seen(manifest(), manifest(), manifest())], [manifest()]).is_empty
    assert not plan([], [manifest()]).is_empty


def test_a_field_that_was_edited_by_hand_names_the_program() -> None:
    before = edited_by("kubectl-edit", manifest(schedule="hourly"), "schedule")
    (change,) = steps(Seen(manifest(), before, manifest()))["a"].changes
    assert change == Change("spec.schedule", "hourly", "daily", "kubectl-edit")


@pytest.mark.parametrize("manager", [names.APPLY_MANAGER, names.FIELD_MANAGER])
def test_our_own_managers_are_no_hand(manager: str) -> None:
    before = edited_by(manager, manifest(schedule="hourly"), "schedule")
    (change,) = steps(Seen(manifest(), before, manifest()))["a"].changes
    assert change.manager is None


def test_a_field_that_only_a_hand_has_set_is_shown_and_stays() -> None:
    suspended = edited_by("kubectl-patch", manifest(suspend=True, dst="cron"), "suspend")
    step = steps(Seen(manifest(), suspended, suspended))["a"]
    assert (step.action, step.changes) == ("keep", ())
    assert step.by_hand == (Change("spec.suspend", "True", "True", "kubectl-patch"),)


def test_a_task_that_another_program_brought_gets_the_label() -> None:
    (change,) = steps(Seen(manifest(), manifest(application=None), manifest()))["a"].changes
    assert change == Change("metadata.labels.jvscheduler.dev/application", "absent", "shop", None)


def test_a_task_under_a_new_name_is_asked_about() -> None:
    old, new = manifest("shop.old", backoffLimit=2), manifest("shop.new", backoffLimit=2)
    assert plan([Seen(new, None, new)], [old]).renames == (("shop.old", "shop.new"),)
    other = manifest("shop.new", backoffLimit=3)
    assert plan([Seen(other, None, other)], [old]).renames == ()


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ({}, "waiting"),
        ({"Accepted": ("True", 1)}, "waiting"),
        ({"Accepted": ("True", 2)}, "waiting"),
        ({"Accepted": ("False", 1)}, "waiting"),
        ({"Accepted": ("False", 2)}, "refused"),
        ({"Accepted": ("True", 2), "Ready": ("True", 1)}, "waiting"),
        ({"Accepted": ("True", 2), "Ready": ("False", 2)}, "waiting"),
        ({"Accepted": ("True", 2), "Ready": ("True", 2)}, "served"),
    ],
)
def test_a_task_is_served_when_its_conditions_of_now_say_so(
    conditions: Mapping[str, tuple[str, int]], state: str
) -> None:
    shown = [
        {"type": name, "status": status, "observedGeneration": at, "reason": "R", "message": "m"}
        for name, (status, at) in conditions.items()
    ]
    task = {"metadata": {"generation": 2}, "status": {"conditions": shown}}
    assert verdict(task).state == state


def test_a_task_that_is_gone_is_not_waited_for() -> None:
    assert verdict(None).state == "refused"
