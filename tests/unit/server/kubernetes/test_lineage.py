"""A pod is of the task whose ScheduledTask controls it in the end, whatever its labels say."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler_server.kubernetes import lineage
from jvscheduler_server.kubernetes.fields import Json
from jvscheduler_server.kubernetes.jobs import to_kubernetes_job, to_task_cron_job
from jvscheduler_server.kubernetes.lineage import CRON_JOB, JOB, Lineage, Standing
from jvscheduler_server.kubernetes.pods import keep_facts
from tests.support.history.outcomes import NOON, begun
from tests.support.server.owners import (
    BY_CRON_JOB,
    stored_cron_job,
    stored_job,
    stored_owner,
)
from tests.support.server.task_pods import TASK_NAME, converted, reference, running

CHAIN: Sequence[tuple[str, Json]] = (
    (JOB, stored_job()),
    (CRON_JOB, stored_cron_job()),
    (names.KIND, stored_owner()),
)
LATER, EARLIER = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
LABELS = {names.TASK_LABEL: TASK_NAME, names.JOB_NAME_LABEL: begun().job_name}
TOMORROW = f"{TASK_NAME}-{int((NOON + timedelta(days=1)).timestamp()) // 60}"


def seen(*objects: tuple[str, Json], listed: datetime | None = EARLIER) -> Lineage:
    """The memory of these objects. All were listed before the pod was made, unless it is said."""
    found = Lineage(lambda _: listed)
    for kind, item in objects:
        found.see(kind, item)
    return found


def standing(found: Lineage, **metadata: Any) -> Standing:
    return found.of_pod(converted(running(), **metadata)).standing


def test_a_pod_whose_whole_chain_is_known_is_its_tasks() -> None:
    assert standing(seen(*CHAIN)) is Standing.OWN
    job = to_kubernetes_job(stored_job())
    assert seen(*CHAIN).of_job(job).standing is Standing.OWN


FORGED: Mapping[str, dict[str, Any]] = {
    "made by hand": {"ownerReferences": []},
    "of another controller": {"ownerReferences": [reference("ReplicaSet", "web", "uid-job")]},
    "of the CronJob itself": {"ownerReferences": [BY_CRON_JOB]},
    "of another namespace": {"namespace": "bakery"},
    "of another Job than its label says": {"labels": LABELS | {names.JOB_NAME_LABEL: "other"}},
    "of another Job with this uid": {
        "labels": LABELS | {names.JOB_NAME_LABEL: "other"},
        "ownerReferences": [reference("Job", "other", "uid-job")],
    },
    "with the label of another task": {"labels": LABELS | {names.TASK_LABEL: "shop-tasks-pay"}},
    "with the id of another task": {"annotations": {names.TASK_ID_ANNOTATION: "shop.tasks.pay"}},
}


@pytest.mark.parametrize("metadata", FORGED.values(), ids=FORGED.keys())
def test_a_pod_whose_chain_contradicts_its_claim_is_foreign(metadata: dict[str, Any]) -> None:
    verdict = seen(*CHAIN).of_pod(converted(running(), **metadata))
    assert verdict.standing is Standing.FOREIGN
    assert verdict.problem


@pytest.mark.parametrize(
    "links",
    [
        ((JOB, stored_job(ownerReferences=[])), *CHAIN[1:]),
        (CHAIN[0], (CRON_JOB, stored_cron_job(ownerReferences=[])), CHAIN[2]),
        (*CHAIN[:2], (names.KIND, stored_owner("shop.tasks.pay"))),
        (*CHAIN[:2], (names.KIND, stored_owner(namespace="bakery"))),
    ],
    ids=["a Job made by hand", "a CronJob made by hand", "another task's", "of another namespace"],
)
def test_a_chain_that_does_not_lead_to_the_task_makes_its_pods_and_jobs_foreign(
    links: Sequence[tuple[str, Json]],
) -> None:
    assert standing(seen(*links)) is Standing.FOREIGN
    assert seen(*links).of_job(to_kubernetes_job(stored_job())).standing is Standing.FOREIGN


@pytest.mark.parametrize("missing", range(3))
def test_a_pod_that_is_seen_before_its_controllers_waits_for_them(missing: int) -> None:
    links = [link for number, link in enumerate(CHAIN) if number != missing]
    found = seen(*links, listed=datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert standing(found) is Standing.OPEN
    found.see(*CHAIN[missing])
    assert standing(found) is Standing.OWN
    assert standing(seen(*links, listed=None)) is Standing.OPEN


@pytest.mark.parametrize("missing", range(3))
def test_a_pod_whose_controller_was_gone_before_the_server_came_is_believed(missing: int) -> None:
    links = [link for number, link in enumerate(CHAIN) if number != missing]
    assert standing(seen(*links, listed=LATER)) is Standing.BELIEVED


def test_a_pod_cannot_be_of_a_job_that_was_not_due_when_it_was_made() -> None:
    labels = LABELS | {names.JOB_NAME_LABEL: TOMORROW}
    ahead = {"labels": labels, "ownerReferences": [reference("Job", TOMORROW, "uid-gone")]}
    assert standing(seen(*CHAIN, listed=LATER), **ahead) is Standing.FOREIGN


def test_a_job_made_of_the_cron_job_by_hand_is_the_tasks() -> None:
    # So kubectl writes it; an old one does not say that the CronJob is the controller.
    owner = {key: value for key, value in BY_CRON_JOB.items() if key != "controller"}
    job = stored_job(name="by-hand", uid="uid-hand", ownerReferences=[owner])
    own = {
        "labels": LABELS | {names.JOB_NAME_LABEL: "by-hand"},
        "ownerReferences": [reference("Job", "by-hand", "uid-hand")],
    }
    assert standing(seen((JOB, job), *CHAIN[1:]), **own) is Standing.OWN


def test_what_lost_its_controller_later_stays_its_tasks() -> None:
    """`kubectl delete --cascade=orphan` leaves Jobs or pods without a controller."""
    found = seen(*CHAIN)
    found.see(JOB, stored_job(ownerReferences=[]))
    before, after = converted(running()), converted(running(), ownerReferences=[])
    assert found.of_pod(keep_facts(before, after)).standing is Standing.OWN


def test_a_task_that_is_being_deleted_is_remembered() -> None:
    going = {"deletionTimestamp": "2026-03-02T12:00:05Z"}
    links = (CHAIN[0], (CRON_JOB, stored_cron_job(**going)), (names.KIND, stored_owner(**going)))
    assert standing(seen(*links)) is Standing.OWN


def test_a_cron_job_is_the_tasks_by_its_uid_too() -> None:
    cron_job = to_task_cron_job(stored_cron_job())
    assert cron_job is not None
    assert seen(*CHAIN[1:]).of_cron_job(cron_job).standing is Standing.OWN
    other = (names.KIND, stored_owner("shop.tasks.pay"))
    assert seen(CHAIN[1], other).of_cron_job(cron_job).standing is Standing.FOREIGN
    by_hand = (CRON_JOB, stored_cron_job(ownerReferences=[]))
    assert seen(by_hand, CHAIN[2]).of_cron_job(cron_job).standing is Standing.FOREIGN
    assert seen().of_cron_job(cron_job).standing is Standing.OPEN


def test_a_memory_is_bounded_and_keeps_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage, "MAX_LINKS", 4)
    found = seen(*CHAIN)
    for number in range(10):
        found.see(JOB, stored_job(uid=f"uid-{number}"))
        assert standing(found) is Standing.OWN
    assert len(found) == 4


def test_an_object_without_a_uid_is_nobodys_controller() -> None:
    with pytest.raises(ValueError, match="metadata"):
        seen((JOB, {}))
    nameless = stored_job()
    del nameless["metadata"]["uid"]
    assert len(seen((JOB, nameless))) == 0
