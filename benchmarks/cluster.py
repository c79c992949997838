"""The time from due to recorded on a cluster, against a bare CronJob with the same image.

Both are due at the same minutes on the same node. Both use the same CronJob
controller, scheduler, kubelet and image. So the difference is what jvscheduler
adds. The bare CronJob prints the time as soon as Python runs.

The benchmark needs the cluster of `make cluster` and leaves nothing on it.
"""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from benchmarks.report import Ratio
from jvscheduler.names import scheduled_time_of
from tests.cluster.images import build_and_load
from tests.cluster.kind import KindCluster, bring_up
from tests.cluster.settings import read_settings
from tests.support.readme import ROOT

NAMESPACE: Final = "benchmark"
MINUTES: Final = 5
TASK: Final = "timed"
BARE: Final = "bare"
_PRINT_TIME: Final = "import time; print(time.time())"
_SERVER: Final = "/api/v1/namespaces/jvscheduler/services/jvscheduler-server:http/proxy"


def measure() -> Iterator[Ratio]:
    settings = read_settings()
    cluster = bring_up(settings)
    images = build_and_load(settings, cluster)
    with installed(cluster):
        cluster.kubectl("create", "namespace", NAMESPACE)
        cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(objects(images.faulty)))
        wait_for_jobs(cluster)
        bare = statistics.median(bare_starts(cluster))
        jobs = recorded(cluster)
    started = statistics.median(since_due(job, "execution_time") for job in jobs)
    ended = statistics.median(since_due(job, "completed_at") for job in jobs)
    baseline = "due → Python runs in a bare CronJob"
    yield Ratio("due → task's process started", started, baseline, bare)
    yield Ratio("due → run and recorded", ended, baseline, bare)


@contextmanager
def installed(cluster: KindCluster) -> Iterator[None]:
    chart = str(ROOT / "charts" / "jvscheduler")
    cluster.helm(
        "install", "jvscheduler", chart, "-n", "jvscheduler", "--create-namespace", "--wait"
    )
    try:
        yield
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")
        cluster.helm("uninstall", "jvscheduler", "-n", "jvscheduler", "--wait")
        cluster.kubectl("delete", "namespace", "jvscheduler")


def objects(image: str) -> Iterator[dict[str, Any]]:
    yield {
        "apiVersion": "jvscheduler.dev/v1alpha1",
        "kind": "ScheduledTask",
        "metadata": {"name": TASK, "namespace": NAMESPACE},
        "spec": {
            "taskID": TASK,
            "entrypoint": "faulty.tasks:checks_its_confinement",
            "schedule": "every minute",
            "image": image,
            "successfulJobsHistoryLimit": MINUTES + 1,
        },
    }
    container = {"name": BARE, "image": image, "command": ["python", "-c", _PRINT_TIME]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    yield {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": BARE, "namespace": NAMESPACE},
        "spec": {
            "schedule": "* * * * *",
            "successfulJobsHistoryLimit": MINUTES + 1,
            "jobTemplate": {"spec": {"template": {"spec": pod}}},
        },
    }


def wait_for_jobs(cluster: KindCluster) -> None:
    deadline = time.monotonic() + 60 * (MINUTES + 3)
    while len(bare_jobs(cluster)) < MINUTES or len(recorded(cluster)) < MINUTES:
        if time.monotonic() > deadline:
            raise TimeoutError(f"fewer than {MINUTES} jobs of each kind have ended")
        time.sleep(2)


def bare_jobs(cluster: KindCluster) -> list[str]:
    jobs = json.loads(cluster.kubectl("get", "jobs", "-n", NAMESPACE, "-o", "json"))["items"]
    done = [job["metadata"]["name"] for job in jobs if job["status"].get("succeeded")]
    return [name for name in done if name.startswith(f"{BARE}-")]


def bare_starts(cluster: KindCluster) -> Iterator[float]:
    """The seconds from the due instant to the first line of Python, for each job."""
    for name in bare_jobs(cluster):
        due = scheduled_time_of(name, BARE)
        printed = cluster.kubectl("logs", "-n", NAMESPACE, f"job/{name}")
        if due is not None:
            yield float(printed) - due.timestamp()


def recorded(cluster: KindCluster) -> list[dict[str, Any]]:
    path = f"{_SERVER}/api/scheduler/jobs/recent?hours=1&status=completed"
    jobs = json.loads(cluster.kubectl("get", "--raw", path))["jobs"]
    return [job for job in jobs if job["job_name"] == TASK]


def since_due(job: dict[str, Any], field: str) -> float:
    due, instant = (datetime.fromisoformat(job[name]) for name in ("scheduled_time", field))
    return (instant.astimezone(UTC) - due).total_seconds()
