"""Pods, a Job and a CronJob that a user of the namespace makes by hand, beside an honest task's.

They say that they are of its jobs. Nothing of them reaches a record, and the log names each once.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jvscheduler import names
from jvscheduler.outcomes import Status, to_message
from tests.cluster.api_server import ApiServer
from tests.support.operator.custom_resource import install_crd
from tests.support.server.process import ServerProcess, a_server
from tests.support.server.service_account import server_kubeconfig
from tests.support.server.task_runs import (
    TASK_ID,
    TASK_NAME,
    Run,
    a_run,
    apply,
    job_manifest,
    next_claim,
)
from tests.support.waiting import eventually

NAMESPACE = "forged-tests"
KEEP = "example.com/keep"
"""A finalizer. Without it, garbage collection deletes a pod whose Job does not exist."""


@pytest.fixture
def server(api_server: ApiServer, postgres_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    install_crd(api_server)
    kubeconfig = server_kubeconfig(api_server, NAMESPACE, tmp_path)
    with a_server(kubeconfig, postgres_url, tmp_path) as process:
        yield process


def forged_pod(api_server: ApiServer, name: str, *, job: str = "", uid: str = "") -> Run:
    """A pod of no Job. With `uid` it names one, and that as `job`, if it is given.

    It says that it has completed a job that is due in a minute of its own.
    """
    begun = replace(next_claim(NAMESPACE), attempt_id=name)
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": job or begun.job_name, "uid": uid}
    metadata = {
        "name": name,
        "labels": {names.TASK_LABEL: TASK_NAME, names.JOB_NAME_LABEL: begun.job_name},
        "annotations": {names.TASK_ID_ANNOTATION: TASK_ID},
        "ownerReferences": [owner | {"controller": True}] if uid else [],
        "finalizers": [KEEP],
    }
    spec = job_manifest("", scheduled=False)["spec"]["template"]["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    apply(api_server, pod, NAMESPACE)
    run = Run(api_server, begun.job_name, name, begun)
    end = begun.start_time + timedelta(seconds=1)
    outcome = replace(begun, status=Status.COMPLETED, completion_time=end)
    run.end(0, "Completed", to_message(outcome))
    return run


def forged_job(api_server: ApiServer) -> str:
    """A Job of no CronJob, which may not make pods. Return the id of the job that it names."""
    claim = next_claim(NAMESPACE)
    manifest = job_manifest(claim.job_name, scheduled=False)
    manifest["spec"]["template"]["spec"]["serviceAccountName"] = "baker"
    apply(api_server, manifest, NAMESPACE)
    return claim.job_id


def forged_cron_job(api_server: ApiServer) -> None:
    """A CronJob of no task, suspended, that is due each minute."""
    template = job_manifest("", scheduled=False)["spec"]
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "forged", "labels": {names.TASK_LABEL: TASK_NAME}},
        "spec": {"schedule": "* * * * *", "suspend": True, "jobTemplate": {"spec": template}},
    }
    apply(api_server, manifest, NAMESPACE)


def test_pods_and_jobs_made_by_hand_are_set_aside_beside_an_honest_one(
    server: ServerProcess, api_server: ApiServer
) -> None:
    honest = a_run(api_server, namespace=NAMESPACE)
    uid = honest.kubectl("get", "job", honest.job_name, "-o", "jsonpath={.metadata.uid}")
    ownerless = forged_pod(api_server, "ownerless")
    others = forged_pod(api_server, "of-another-job", job=honest.job_name, uid=uid)
    renamed = forged_pod(api_server, "of-a-renamed-job", uid=uid)
    absent = forged_pod(api_server, "of-no-job", uid="00000000-0000-0000-0000-000000000000")
    forged = [run.begun.job_id for run in (ownerless, others, renamed, absent)]
    forged.append(forged_job(api_server))
    forged_cron_job(api_server)
    is_named = lambda: len(set_aside(server)) >= 5  # noqa: E731
    eventually(is_named, "what was made by hand is set aside")
    outcome = replace(
        honest.begun,
        status=Status.COMPLETED,
        completion_time=honest.begun.start_time + timedelta(seconds=1),
    )
    honest.end(0, "Completed", to_message(outcome))
    # Each pass of the repair looks at all pods, so that the forged ones had their turn.
    server.job_that(lambda job: job["status"] == "completed", honest.begun.job_id)
    assert [job_id for job_id in forged if server.job(job_id) is not None] == []
    lines = set_aside(server)
    assert len(lines) == len(set(lines))
    for name in ("ownerless", "of-another-job", "of-a-renamed-job"):
        assert sum(f"pod {NAMESPACE}/{name} is set aside" in line for line in lines) == 1
    assert any(f"CronJob {NAMESPACE}/forged is set aside" in line for line in lines)
    status = server.ask("/api/scheduler/status").json()["scheduler"]
    assert status["set_aside"] == len(lines)
    for run in (ownerless, others, renamed, absent):
        run.kubectl("patch", "pod", run.pod, "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')


def set_aside(server: ServerProcess) -> list[str]:
    lines = server.log.read_text().splitlines()
    return [line for line in lines if "is set aside" in line]
