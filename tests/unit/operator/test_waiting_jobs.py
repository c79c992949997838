"""Which Jobs wait, and which of them are given up."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from jvscheduler import names
from jvscheduler_operator.acceptance import accept
from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.cluster.errors import Conflict, Rejected, Stale
from jvscheduler_operator.objects.manifests import Key, Manifest
from jvscheduler_operator.settings import Settings
from jvscheduler_operator.tasks.cron_jobs import build
from jvscheduler_operator.testing.cluster import MemoryCluster
from jvscheduler_operator.waiting_jobs.jobs import waiting_jobs
from jvscheduler_operator.waiting_jobs.reconcile import WaitingJobReconciler
from tests.support.operator.objects import NOON, stored_task
from tests.support.operator.waiting import MINUTE, job, job_name, pod

KEY = Key("shop", "restock")
PULLING = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
NOWHERE = {"spec": {"nodeSelector": {"disk": "none"}}}
RUNS = {"running": {"startedAt": "2026-03-02T12:00:01Z"}}


def cron_job(**spec: Any) -> dict[str, Any]:
    task = stored_task(**spec)
    return build(task, accept(task).spec, {"schedule": "* * * * *"})


def waits(one_job: Manifest, *pods: Manifest) -> list[str]:
    return [found.wait for found in waiting_jobs(cron_job(), [one_job], pods)]


def test_a_job_waits_when_none_of_its_pods_has_started() -> None:
    assert waits(job(0)) == ["it has no pod"]
    assert waits(job(0), pod(0)) == ["its pod restock-29540880-x has not started"]
    text = 'its pod restock-29540880-x has not started: container task: image "shop:9" not found'
    assert waits(job(0), pod(0, PULLING)) == [text]
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    text = "its pod restock-29540880-x has not started: no node takes the pod: Unschedulable"
    assert waits(job(0), pod(0, conditions=[unscheduled])) == [text]
    failed_before_its_start = pod(0, phase="Failed")
    assert len(waits(job(0, failed=1), failed_before_its_start)) == 1
    deleted_before_its_start = pod(0, {"terminated": {"startedAt": "1970-01-01T00:00:00Z"}})
    assert len(waits(job(0), deleted_before_its_start)) == 1


@pytest.mark.parametrize("condition", ["Complete", "Failed", "FailureTarget"])
def test_a_job_that_has_ended_does_not_wait(condition: str) -> None:
    assert waits(job(0, conditions=[{"type": condition, "status": "True"}])) == []


NOT_WAITING: dict[str, tuple[Manifest, list[Manifest]]] = {
    "its pod runs": (job(0), [pod(0, RUNS)]),
    "its pod has ended": (job(0), [pod(0, phase="Succeeded")]),
    "nobody knows whether its pod runs": (job(0), [pod(0, phase="Unknown")]),
    "its first attempt has run": (
        job(0, failed=1),
        [pod(0, {"terminated": {"startedAt": "2026-03-02T12:00:01Z"}}, phase="Failed")],
    ),
    "its first pod failed and is gone": (job(0, failed=1), [pod(0, PULLING)]),
    "it was given up already": (job(0, annotations={names.GIVEN_UP_ANNOTATION: "x"}), []),
    "it is being deleted": (job(0, deletionTimestamp="2026-03-02T12:00:01Z"), []),
    "it was started by hand": (job(0, name="by-hand"), []),
    "it is suspended": ({**job(0), "spec": {"suspend": True}}, []),
}


@pytest.mark.parametrize("name", NOT_WAITING)
def test_a_job_does_not_wait_when(name: str) -> None:
    one_job, pods = NOT_WAITING[name]
    assert waits(one_job, *pods) == []


def test_a_pod_of_another_job_says_nothing() -> None:
    assert len(waits(job(0), pod(1, RUNS))) == 1


@dataclass
class Stage:
    """A task whose CronJob has made a Job for some minutes after noon."""

    spec: dict[str, Any] = field(default_factory=dict)
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    cache: Cache = field(default_factory=Cache)
    now: datetime = NOON

    def start(self, *minutes: int, state: dict[str, Any] | None = None) -> None:
        """Make the Jobs of these minutes, each with a pod that is in this state."""
        template = cron_job(**self.spec)["spec"]["jobTemplate"]["spec"]["template"]
        for minute in minutes:
            labels = {**template["metadata"]["labels"], names.JOB_NAME_LABEL: job_name(minute)}
            copy = {**template, "metadata": {**template["metadata"], "labels": labels}}
            one_job = {**job(minute), "spec": {"template": copy}}
            self.cluster.put(self.cluster.job_objects, one_job)
            self.cluster.put(self.cluster.pod_objects, pod(minute, state or PULLING))

    def look(self) -> timedelta | None:
        task = stored_task(**self.spec)
        active = [{"name": job_name(n)} for n in range(60) if self.exists(n)]
        self.cache = Cache()
        self.cache.tasks.put(task)
        found = {**cron_job(**self.spec), "status": {"active": active}}
        self.cache.cron_jobs.put(with_version(found))
        settings = Settings(None, None, "http://localhost/", "host")
        reconciler = WaitingJobReconciler(self.cache, self.cluster, settings, lambda: self.now)
        return asyncio.run(reconciler.reconcile(KEY))

    def exists(self, minute: int) -> bool:
        return Key("shop", job_name(minute)) in self.cluster.job_objects

    def given_up(self) -> dict[str, str]:
        jobs = self.cluster.job_objects.values()
        found = {j["metadata"]["name"]: j["metadata"].get("annotations", {}) for j in jobs}
        reasons = {name: a.get(names.GIVEN_UP_ANNOTATION) for name, a in found.items()}
        return {name: reason for name, reason in reasons.items() if reason}


def with_version(cron_job: Manifest) -> Manifest:
    return {**cron_job, "metadata": {**cron_job["metadata"], "resourceVersion": "7"}}


def test_without_a_deadline_as_many_jobs_wait_as_may_run_at_once() -> None:
    stage = Stage({"maxConcurrency": 2})
    stage.start(0, 1)
    assert stage.look() is None
    assert stage.given_up() == {}
    stage.start(2, 3)
    stage.look()
    assert stage.given_up() == {job_name(2): "ConcurrencyLimit", job_name(3): "ConcurrencyLimit"}
    given_up = stage.cluster.job_objects[Key("shop", job_name(2))]
    assert given_up["spec"]["activeDeadlineSeconds"] == 1
    assert [event["reason"] for event in stage.cluster.events] == ["JobAlreadyActive"] * 2
    first = stage.cluster.events[0]["message"]
    assert f"The Job {job_name(2)} is skipped" in first
    assert f"{job_name(0)} waits, its pod" in first
    assert 'image "shop:9" not found' in first
    stage.look()
    assert len(stage.cluster.events) == 2


CREATING = {"waiting": {"reason": "ContainerCreating"}}
FORBIDDEN = 'pods "restock-29540880-" is forbidden: exceeded quota: no-pods'
NOT_MOUNTED = 'MountVolume.SetUp failed for volume "v": secret "v" not found'


def test_what_only_events_say_is_told() -> None:
    specs: list[dict[str, Any]] = [{}, {"startingDeadlineSeconds": 60}]
    for spec in specs:
        stage = Stage(spec, now=NOON + MINUTE)
        stage.start(0, 1, state=CREATING)
        first, _ = stage.cluster.pod_objects.values()
        stage.cluster.events.append(warning(first, NOT_MOUNTED))
        stage.look()
        assert stage.cluster.events[-1]["message"].endswith(f"has not started: {NOT_MOUNTED}")
        stage = Stage(spec, now=NOON + MINUTE)
        stage.start(0, 1)
        stage.cluster.pod_objects.clear()
        first, _ = stage.cluster.job_objects.values()
        stage.cluster.events.append(warning(first, FORBIDDEN))
        stage.look()
        assert stage.cluster.events[-1]["message"].endswith(f"it has no pod: {FORBIDDEN}")


def test_without_the_right_to_list_events_jobs_are_given_up_all_the_same() -> None:
    class Mute(MemoryCluster):
        async def events_of(self, manifest: Manifest) -> list[Manifest]:
            raise Rejected("no right")

    stage = Stage(cluster=Mute())
    stage.start(0, 1, state=CREATING)
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}
    assert stage.cluster.events[-1]["message"].endswith("has not started")


def warning(about: Manifest, message: str) -> Manifest:
    uid = about["metadata"]["uid"]
    return {"type": "Warning", "message": message, "involvedObject": {"uid": uid}}


@pytest.mark.parametrize("wrong", [{"image": "shop:9"}, {"template": NOWHERE}])
def test_a_job_that_cannot_start_gives_way_when_its_task_was_corrected(
    wrong: dict[str, Any],
) -> None:
    stage = Stage(wrong)
    stage.start(0)
    stage.look()
    stage.spec = {}
    stage.start(1, state={"waiting": {"reason": "ContainerCreating"}})
    stage.look()
    assert stage.given_up() == {job_name(0): "ConcurrencyLimit"}


def test_a_job_that_runs_takes_no_place_of_those_that_wait() -> None:
    stage = Stage()
    stage.start(0, state=RUNS)
    stage.start(1)
    stage.look()
    assert stage.given_up() == {}


def test_with_a_deadline_each_job_waits_as_long_as_that() -> None:
    stage = Stage({"startingDeadlineSeconds": 150}, now=NOON + MINUTE)
    stage.start(0, 1)
    assert stage.look() == timedelta(seconds=61)
    assert stage.given_up() == {}
    stage.now = NOON + 2 * MINUTE + timedelta(seconds=1)
    assert stage.look() == timedelta(seconds=60)
    assert stage.given_up() == {job_name(0): "DeadlineMissed"}
    (event,) = stage.cluster.events
    assert (event["type"], event["reason"]) == ("Warning", "MissSchedule")


def test_a_job_that_has_started_in_time_may_run_past_its_deadline() -> None:
    stage = Stage({"startingDeadlineSeconds": 60}, now=NOON + 5 * MINUTE)
    stage.start(0, state=RUNS)
    assert stage.look() is None
    assert stage.given_up() == {}


def test_nothing_is_listed_while_no_job_can_be_given_up() -> None:
    class Unasked(MemoryCluster):
        async def jobs_of(self, key: Key) -> list[Manifest]:
            raise AssertionError("it is not needed")

    stage = Stage(cluster=Unasked())
    stage.start(0)
    assert stage.look() is None


def test_a_job_that_has_changed_since_it_was_seen_is_looked_at_again() -> None:
    stage = Stage(cluster=MemoryCluster(failures=[Conflict("it has changed")]))
    stage.start(0, 1)
    with pytest.raises(Stale):
        stage.look()
    assert stage.given_up() == {}
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}


def test_a_refusal_is_tried_again_later() -> None:
    stage = Stage(cluster=MemoryCluster(failures=[Rejected("no right")]))
    stage.start(0, 1)
    assert stage.look() == MINUTE
    stage.look()
    assert stage.given_up() == {job_name(1): "ConcurrencyLimit"}


def test_without_a_task_or_a_cron_job_of_its_own_there_is_nothing_to_do() -> None:
    settings = Settings(None, None, "http://localhost/", "host")
    found = WaitingJobReconciler(Cache(), MemoryCluster(), settings, lambda: NOON)
    assert asyncio.run(found.reconcile(KEY)) is None
