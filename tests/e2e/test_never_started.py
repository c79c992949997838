"""Jobs whose pods never start: told at once, never as runs, and given up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from tests.e2e.installation import Installation
from tests.support.waiting import eventually

QUOTA, WAITING = "quota", "waiting"
"""Namespaces: no pod may be made in the first one, and none can start in the second."""

NO_IMAGE = "example.invalid/shop:9"
SECRET = {"valueFrom": {"secretKeyRef": {"name": "absent", "key": "password"}}}
WITHOUT_SECRET = {
    "spec": {"containers": [{"name": "task", "env": [{"name": "PASSWORD", **SECRET}]}]}
}
NO_PODS = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-pods", "namespace": QUOTA},
    "spec": {"hard": {"pods": "0"}},
}


@dataclass(frozen=True)
class Stage:
    """Tasks of each minute, none of which can run."""

    installation: Installation
    since: str

    def job(self, task: str, number: int = 0) -> dict[str, Any]:
        """The task's job of that place, from the oldest on. Fails while there are fewer."""
        jobs = self.installation.jobs(task)[::-1]
        assert len(jobs) > number
        return jobs[number]

    def job_that_is(self, task: str, status: str, number: int = 0) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            job = self.job(task, number)
            return job if job["status"] == status and job["reason"] else None

        job = eventually(probe, f"job {number} of {task} is {status}")
        assert (job["attempts"], job["duration_seconds"]) == ([], None)
        return job

    def waiting(self, task: str, reason: str) -> dict[str, Any] | None:
        """The task's oldest job, if its pod waits for this reason."""
        job = self.job(task)
        return job if job["pod"] and job["pod"]["reason"] == reason else None

    def delete(self, kind: str, namespace: str, job: dict[str, Any]) -> None:
        name = job["kubernetes_job"] if kind == "job" else job["pod"]["name"]
        self.installation.cluster.kubectl("delete", kind, name, "-n", namespace, "--wait=false")


@pytest.fixture(scope="module")
def stage(installation: Installation) -> Iterator[Stage]:
    """All tasks together: each needs the next full minutes."""
    since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    kubectl = installation.cluster.kubectl
    spec = installation.objects("scheduledtasks")[0]["spec"]
    tasks = [
        task_of(spec, "forbidden", QUOTA),
        task_of(spec, "secretless", WAITING, template=WITHOUT_SECRET),
        task_of(spec, "crowded", WAITING, image=NO_IMAGE),
        task_of(spec, "late", WAITING, image=NO_IMAGE, startingDeadlineSeconds=20),
    ]
    for namespace in (QUOTA, WAITING):
        kubectl("create", "namespace", namespace)
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([NO_PODS, *tasks]))
    yield Stage(installation, since)
    kubectl("delete", "namespace", QUOTA, WAITING, "--timeout=120s")


def task_of(spec: dict[str, Any], name: str, namespace: str, **fields: Any) -> dict[str, Any]:
    own = {"taskID": name, "schedule": "* * * * *", "suspend": False, "backoffLimit": 0}
    return {
        "apiVersion": "jvscheduler.dev/v1alpha1",
        "kind": "ScheduledTask",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"image": spec["image"], "entrypoint": spec["entrypoint"], **own, **fields},
    }


def test_a_job_that_a_quota_forbids_is_told_at_once_and_missed_in_the_end(stage: Stage) -> None:
    job = stage.job_that_is("forbidden", "pending")
    assert (job["reason"], job["cause"]) == ("FailedCreate", "policy")
    assert "exceeded quota: no-pods" in job["error_message"]
    stage.delete("job", QUOTA, job)
    job = stage.job_that_is("forbidden", "missed")
    assert (job["reason"], job["cause"]) == ("FailedCreate", "policy")
    assert "exceeded quota: no-pods" in job["error_message"]


def test_a_pod_that_is_deleted_while_it_waits_for_its_secret_never_ran(stage: Stage) -> None:
    # Every container waits for ContainerCreating at first.
    job = eventually(lambda: stage.waiting("secretless", "CreateContainerConfigError"), "it waits")
    assert (job["status"], job["attempts"], job["duration_seconds"]) == ("pending", [], None)
    stage.delete("pod", WAITING, job)
    job = stage.job_that_is("secretless", "missed")
    assert (job["reason"], job["cause"]) == ("CreateContainerError", "task")
    assert 'secret "absent" not found' in job["error_message"]


def test_a_job_past_its_starting_deadline_is_given_up(stage: Stage) -> None:
    job = stage.job_that_is("late", "missed")
    assert job["reason"] == "ImagePullFailed"
    assert "did not start before its deadline" in job["error_message"]


def test_without_a_deadline_one_pod_waits_and_the_later_ones_are_skipped(stage: Stage) -> None:
    second = stage.job_that_is("crowded", "skipped", 1)
    assert (second["reason"], second["cause"]) == ("ConcurrencyLimit", "policy")
    assert stage.job("crowded")["status"] == "pending"
    pods = stage.installation.objects("pods", WAITING, **{"jvscheduler.dev/task": "crowded"})
    living = [p for p in pods if p["status"]["phase"] == "Pending"]
    assert len([p for p in living if "deletionTimestamp" not in p["metadata"]]) <= 2


def test_none_of_them_is_a_finding_or_a_run(stage: Stage) -> None:
    for namespace, reason in ((QUOTA, "FailedCreate"), (WAITING, "ImagePullFailed")):
        report = eventually(
            lambda n=namespace, r=reason: judged(stage, n, r),  # type: ignore[misc]
            f"the first jobs of {namespace} are judged",
        )
        assert "no findings" in report


def judged(stage: Stage, namespace: str, reason: str) -> str | None:
    report = stage.installation.verify(namespace, stage.since)
    return report if f"missed: {reason}" in report else None
