"""Parts that stop mid-way change nothing that is due, and nothing that is recorded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from jvscheduler.names import TASK_LABEL
from tests.e2e.conftest import shell
from tests.e2e.installation import NAMESPACE, SHOP, Installation
from tests.support.readme import shell_snippets
from tests.support.waiting import eventually

pytestmark = pytest.mark.disruptive

TASK = "shop.tasks.collect_metrics"
DATABASE = "statefulset/jvscheduler-postgresql"


@contextmanager
def database_away(kubectl: Callable[..., str]) -> Iterator[None]:
    kubectl("scale", "-n", NAMESPACE, DATABASE, "--replicas=0")
    kubectl("wait", "-n", NAMESPACE, "--for=delete", "pod/jvscheduler-postgresql-0")
    try:
        yield
    finally:
        kubectl("scale", "-n", NAMESPACE, DATABASE, "--replicas=1")
        kubectl("rollout", "status", "-n", NAMESPACE, DATABASE, "--timeout=120s")


def completed(installation: Installation) -> set[str]:
    jobs = installation.jobs(TASK, status="completed")
    return {job["scheduled_time"] for job in jobs}


def succeeded(installation: Installation, task: str) -> set[str]:
    jobs = installation.objects("jobs", **{TASK_LABEL: task})
    return {j["metadata"]["name"] for j in jobs if j.get("status", {}).get("succeeded")}


def test_a_job_runs_without_its_database_and_its_record_appears_later(
    installation: Installation, faulty: Mapping[str, str]
) -> None:
    """The task is one that does not itself use the database."""
    task = faulty["checks_its_confinement"]
    with database_away(installation.cluster.kubectl):
        before = succeeded(installation, task)
        (job, *_) = eventually(lambda: succeeded(installation, task) - before, "a job", 200)

    def recorded() -> bool:
        records = installation.records("faulty.tasks.checks_its_confinement")
        found = [record for record in records if record["kubernetes_job"] == job]
        return bool(found) and found[0]["status"] == "completed"

    assert eventually(recorded, f"the record of {job}")


def test_operator_and_server_killed_midway_change_nothing(installation: Installation) -> None:
    kubectl = installation.cluster.kubectl
    specs = {t["metadata"]["name"]: t["spec"] for t in installation.objects("cronjobs")}
    earlier = completed(installation)
    for component in ("operator", "server"):
        selector = f"app.kubernetes.io/component={component}"
        kubectl("delete", "pod", "-n", NAMESPACE, "-l", selector, "--grace-period=0", "--force")
    for component in ("operator", "server"):
        kubectl("rollout", "status", "-n", NAMESPACE, f"deploy/jvscheduler-{component}")
    eventually(lambda: completed(installation) - earlier, "a later completed job")
    assert earlier <= completed(installation)
    assert {t["metadata"]["name"]: t["spec"] for t in installation.objects("cronjobs")} == specs


def test_uninstalling_leaves_tasks_and_history_for_the_next_install(
    installation: Installation,
) -> None:
    tasks = {t["metadata"]["uid"] for t in installation.objects("scheduledtasks")}
    earlier = completed(installation)
    installation.cluster.helm("uninstall", "jvscheduler", "-n", NAMESPACE, "--wait")
    assert {t["metadata"]["uid"] for t in installation.objects("scheduledtasks")} == tasks
    install = shell_snippets("On a cluster")[1]
    shell(install, installation.cluster)
    assert earlier
    assert earlier <= eventually(lambda: completed(installation), "the kept history")
    assert SHOP in installation.cluster.kubectl("get", "ns", "-o", "name")
