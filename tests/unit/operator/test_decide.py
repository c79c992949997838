"""Decisions about a task from its gathered state."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler_operator.objects import secrets
from jvscheduler_operator.objects.drift import LastApplied
from jvscheduler_operator.objects.manifests import Manifest
from jvscheduler_operator.objects.reasons import Reason
from jvscheduler_operator.tasks.decide import decide
from jvscheduler_operator.tasks.plan import Plan, State
from tests.support.operator.objects import NOON, foreign_cron_job, stored_task


def child_of(task: Manifest, **changes: Any) -> dict[str, Any]:
    """The CronJob as the API server has it after the operator applied it."""
    manifest = deepcopy(dict(decide(State(task, None), NOON).cron_job or {}))
    manifest["metadata"].update(uid="child-uid", generation=1, resourceVersion="7")
    manifest["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    manifest["metadata"].update(changes.pop("metadata", {}))
    manifest["spec"].update(changes.pop("spec", {}))
    return {**manifest, **changes}


def owned_by(uid: str, name: str = "restock", kind: str = names.KIND) -> dict[str, Any]:
    return {"ownerReferences": [{"kind": kind, "name": name, "uid": uid, "controller": True}]}


TASK = stored_task()
IN_ORDER = child_of(TASK)
SECRET = secrets.build("shop", "sqlite:///x")


@dataclass(frozen=True)
class Case:
    name: str
    task: Manifest = field(default_factory=lambda: TASK)
    child: Manifest | None = field(default_factory=lambda: IN_ORDER)
    last_applied: LastApplied | None = None
    applies: bool = False
    anchors: bool = False
    blocked: Reason | None = None


CASES = [
    Case("a new task gets a CronJob", child=None, applies=True),
    Case("a CronJob in order is left as it is"),
    Case(
        "what the API server adds is none of ours",
        child=child_of(
            TASK,
            metadata={"labels": {**IN_ORDER["metadata"]["labels"], "theirs": "too"}},
            spec={"startingDeadlineSeconds": 5},
        ),
    ),
    Case("an edited image is applied", task=stored_task(image="shop:2"), applies=True),
    Case(
        "an edited schedule is anchored first",
        task=stored_task(schedule="hourly"),
        applies=True,
        anchors=True,
    ),
    Case(
        "an edited time zone is anchored first",
        task=stored_task(timeZone="Europe/Berlin"),
        applies=True,
        anchors=True,
    ),
    Case("suspending needs no anchor", task=stored_task(suspend=True), applies=True),
    Case(
        "a schedule edited while suspended needs no anchor yet",
        task=stored_task(suspend=True, schedule="hourly"),
        child=child_of(stored_task(suspend=True)),
        applies=True,
    ),
    Case(
        "resuming is anchored first",
        child=child_of(stored_task(suspend=True)),
        applies=True,
        anchors=True,
    ),
    Case(
        "a schedule edited by hand is repaired, without firing for it",
        child=child_of(TASK, spec={"schedule": "* * * * *"}),
        applies=True,
        anchors=True,
    ),
    Case(
        "a label taken off is put back",
        child=child_of(TASK, metadata={"labels": {}}),
        applies=True,
    ),
    Case(
        "a value that differs after it was accepted is the API server's own form of it",
        child=child_of(TASK, spec={"failedJobsHistoryLimit": "three"}),
        last_applied=LastApplied.of(IN_ORDER, IN_ORDER),
    ),
    Case(
        "a value that differs in a later generation is an edit",
        child=child_of(TASK, metadata={"generation": 2}, spec={"failedJobsHistoryLimit": 9}),
        last_applied=LastApplied.of(IN_ORDER, IN_ORDER),
        applies=True,
    ),
    Case(
        "a CronJob without an owner is foreign",
        child=foreign_cron_job(),
        blocked=Reason.NAME_CONFLICT,
    ),
    Case(
        "a CronJob of another controller is foreign",
        child=child_of(TASK, metadata=owned_by("other-uid", kind="Workflow")),
        blocked=Reason.NAME_CONFLICT,
    ),
    Case(
        "a CronJob of a task of another name is foreign",
        child=child_of(TASK, metadata=owned_by("other-uid", name="other")),
        blocked=Reason.NAME_CONFLICT,
    ),
    Case(
        "the CronJob of a deleted task of the same name is waited for",
        child=child_of(TASK, metadata=owned_by("earlier-uid")),
        blocked=Reason.AWAITING_DELETION,
    ),
    Case(
        "a CronJob that is being deleted is waited for",
        child=child_of(TASK, metadata={"deletionTimestamp": "2026-03-02T12:00:00Z"}),
        blocked=Reason.AWAITING_DELETION,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decide(case: Case) -> None:
    plan = decide(State(case.task, case.child, case.last_applied), NOON)
    assert plan.accepted.is_true
    assert (plan.cron_job is not None) == case.applies
    assert (plan.anchor is not None) == case.anchors
    assert (plan.blocked.reason if plan.blocked else None) == case.blocked


def test_a_known_cron_job_is_applied_with_its_uid() -> None:
    plan = decide(State(stored_task(image="shop:2"), IN_ORDER), NOON)
    assert plan.cron_job is not None
    assert plan.cron_job["metadata"]["uid"] == "child-uid"


def test_a_new_cron_job_has_no_uid() -> None:
    plan = decide(State(TASK, None), NOON)
    assert plan.cron_job is not None
    assert "uid" not in plan.cron_job["metadata"]


def test_a_refused_task_causes_no_write() -> None:
    plan = decide(State(stored_task(schedule="0 0 20-10 * *"), None, None, SECRET), NOON)
    assert plan == Plan(accepted=plan.accepted)
    assert plan.accepted.reason == Reason.INVALID_SCHEDULE


def test_a_refused_edit_causes_no_write_but_the_secret_of_what_goes_on() -> None:
    plan = decide(State(stored_task(schedule="0 0 20-10 * *"), IN_ORDER, None, SECRET), NOON)
    assert plan.secret is not None
    assert plan == Plan(accepted=plan.accepted, secret=plan.secret)


def test_the_secret_is_planned_while_there_is_one() -> None:
    due = decide(State(TASK, IN_ORDER, None, SECRET), NOON)
    assert due.secret == SECRET
    assert decide(State(TASK, IN_ORDER), NOON).secret is None


def test_the_secret_is_written_for_a_blocked_task_too() -> None:
    plan = decide(State(TASK, foreign_cron_job(), None, SECRET), NOON)
    assert plan.blocked is not None
    assert plan.secret is not None
