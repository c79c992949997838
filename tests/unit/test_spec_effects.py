"""A key of a ScheduledTask's spec has an effect. A key that only arrives has none.

The recipe is "Add a field to the spec" in CONTRIBUTING.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler_operator.acceptance import Refused
from jvscheduler_operator.pod_templates.loops import loop_name, worker_pod
from tests.support.task_forms import SPEC, definition, stored
from tests.unit.test_task_effects import (
    carrier,
    decision,
    order,
    slot,
    the_delay_of_the_start,
    the_start_of_a_retry,
)

CHANGED: Mapping[str, Any] = {
    "taskID": "shop.restock-2",
    "entrypoint": "shop.tasks:restock_2",
    "schedule": "daily at 04:00",
    "timeZone": "Europe/Berlin",
    "dst": "once",
    "backend": "Loop",
    "suspend": True,
    "maxConcurrency": 2,
    "concurrencyPolicy": "Replace",
    "activeDeadlineSeconds": 60,
    "backoffLimit": 3,
    "description": "Fills the shelves",
    "image": "shop:2",
    "startingDeadlineSeconds": 30,
    "successfulJobsHistoryLimit": 1,
    "failedJobsHistoryLimit": 1,
    "template": {"spec": {"nodeSelector": {"disk": "ssd"}}},
    "retryDelaySeconds": 20,
    "noRetryOn": ["ValueError"],
    "jitterSeconds": 60,
    "args": {"shelf": "A"},
    "argsSchema": {"required": ["shelf"]},
}
"""A value other than the default for each key of the spec."""
FOR_PEOPLE = {"description"}
"""Keys that people read in the ScheduledTask."""


def test_the_changes_name_every_key_of_the_spec() -> None:
    keys = {field.alias for field in ScheduledTaskSpec.model_fields.values()}
    assert keys == set(CHANGED), "change the new key in CHANGED"


@pytest.mark.parametrize("key", sorted(CHANGED.keys() - FOR_PEOPLE))
def test_every_key_of_the_spec_has_an_effect(key: str) -> None:
    assert effect({**SPEC, key: CHANGED[key]}) != effect(SPEC)


def test_a_text_for_people_has_no_other_effect() -> None:
    for key in FOR_PEOPLE:
        assert effect({**SPEC, key: CHANGED[key]}) == effect(SPEC)


@pytest.mark.parametrize("key", CHANGED)
def test_tasks_whose_pods_differ_do_not_share_a_loop(key: str) -> None:
    """All tasks of one loop run in one pod. The name of its Deployment must tell pods apart."""
    spec, changed = (read({**SPEC, **change}) for change in ({}, {key: CHANGED[key]}))
    same_pod = worker_pod(changed) == worker_pod(spec)
    assert (loop_name(changed) == loop_name(spec)) == same_pod


def read(spec: Mapping[str, Any]) -> ScheduledTaskSpec:
    return ScheduledTaskSpec.model_validate(spec)


def effect(spec: Mapping[str, Any]) -> object:
    """The loop or the CronJob that carries the task, and what a loop would do with it."""
    task = stored(spec)
    try:
        carried = carrier(task)
    except Refused as refused:
        return refused.reason
    known = definition(task)
    delays = the_delay_of_the_start(known), the_start_of_a_retry(known)
    return carried, decision(known), order(known), slot(known), delays
