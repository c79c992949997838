"""Parts that stop mid-way change nothing that is due, and nothing that is recorded."""

import pytest

from jvscheduler.names import resource_name
from tests.e2e.conftest import shell
from tests.e2e.installation import NAMESPACE, SHOP, Installation
from tests.readme import shell_snippets
from tests.waiting import eventually

pytestmark = pytest.mark.disruptive

TASK = "shop.tasks.collect_metrics"
DATABASE = "statefulset/jvscheduler-postgresql"


def completed(installation: Installation) -> set[str]:
    jobs = installation.jobs(TASK, status="completed")
    return {job["scheduled_time"] for job in jobs}


def finished_job_names(installation: Installation) -> set[str]:
    jobs = installation.objects("jobs", **{"jvscheduler.dev/task": resource_name(TASK)})
    return {j["metadata"]["name"] for j in jobs if j.get("status", {}).get("succeeded")}


def test_a_job_runs_without_its_database_and_its_record_appears_later(
    installation: Installation,
) -> None:
    kubectl = installation.cluster.kubectl
    kubectl("scale", "-n", NAMESPACE, DATABASE, "--replicas=0")
    kubectl("wait", "-n", NAMESPACE, "--for=delete", "pod/jvscheduler-postgresql-0")
    before = finished_job_names(installation)
    (job, *_) = eventually(lambda: finished_job_names(installation) - before, "a job that ran", 200)
    kubectl("scale", "-n", NAMESPACE, DATABASE, "--replicas=1")
    kubectl("rollout", "status", "-n", NAMESPACE, DATABASE, "--timeout=120s")

    def recorded() -> bool:
        found = [r for r in installation.records(TASK) if r["kubernetes_job"] == job]
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
